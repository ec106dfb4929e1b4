// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.upwell.access.login.Access;
import org.upwell.access.login.AccessSettings;
import org.upwell.access.token.SigningAlgorithm;
import org.upwell.app.tls.DevelopmentCertificates;
import org.upwell.app.tls.PemFiles;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Both listeners on loopback sockets, with a client that trusts the development authority. Has the administrator
/// `root` with password `geheim`.
final class TestServer implements AutoCloseable {

    static final String ROOT = basic("root", "geheim");

    private static final JsonMapper JSON = JsonMapper.builder().build();

    final Access access;
    final PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    final List<String> notReady = new CopyOnWriteArrayList<>();
    final DevelopmentCertificates certificates;
    final HttpClient client;
    private final HttpServices services;

    TestServer(Path data, Routes... more) throws IOException {
        this(data, access -> List.of(more));
    }

    /// @param more routes that need the access that is opened here
    TestServer(Path data, Function<Access, List<Routes>> more) throws IOException {
        AccessSettings defaults = AccessSettings.DEFAULTS;
        AccessSettings settings =
                new AccessSettings(defaults.issuer(), SigningAlgorithm.ES256, defaults.skew(), List.of(), Map.of(), 2);
        access = Access.open(data, settings, InstantSource.system(), new AccessCounters(metrics));
        if (access.directory().users().find("root").isEmpty()) {
            access.directory().users().add("root", "geheim", Set.of("ADMIN"));
        }
        certificates = DevelopmentCertificates.ensure(data, InstantSource.system());
        services = HttpServices.start(
                List.of(
                        new HttpListener("http", "127.0.0.1", 0, null),
                        new HttpListener("https", "127.0.0.1", 0, certificates.server())),
                new HttpServices.Parts(access, metrics, () -> List.copyOf(notReady), more.apply(access)));
        client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .sslContext(PemFiles.clientContext(certificates.authority()))
                .connectTimeout(Duration.ofSeconds(10))
                .build();
    }

    int httpPort() {
        return services.port(0);
    }

    int httpsPort() {
        return services.port(1);
    }

    static String basic(String name, String password) {
        byte[] pair = (name + ":" + password).getBytes(StandardCharsets.UTF_8);
        return "Basic " + Base64.getEncoder().encodeToString(pair);
    }

    /// A request by plain HTTP.
    Call call(String method, String path) {
        return new Call("http://127.0.0.1:" + httpPort() + path, method);
    }

    /// A request by HTTPS.
    Call secure(String method, String path) {
        return new Call("https://localhost:" + httpsPort() + path, method);
    }

    /// A request by plain HTTP as the administrator.
    Call admin(String method, String path) {
        return call(method, "/api/admin/" + path).header("Authorization", ROOT);
    }

    final class Call {
        private final HttpRequest.Builder request;
        private final String method;

        Call(String uri, String method) {
            this.request = HttpRequest.newBuilder(URI.create(uri)).timeout(Duration.ofSeconds(30));
            this.method = method;
        }

        Call header(String name, String value) {
            request.header(name, value);
            return this;
        }

        Answer send() throws Exception {
            return send("");
        }

        Answer form(String body) throws Exception {
            return header("Content-Type", "application/x-www-form-urlencoded").send(body);
        }

        Answer send(String body) throws Exception {
            HttpRequest.BodyPublisher publisher =
                    body.isEmpty() ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body);
            return new Answer(
                    client.send(request.method(method, publisher).build(), HttpResponse.BodyHandlers.ofString()));
        }
    }

    record Answer(HttpResponse<String> response) {

        int status() {
            return response.statusCode();
        }

        String body() {
            return response.body();
        }

        JsonNode json() {
            return JSON.readTree(response.body());
        }

        String text(String field) {
            return json().get(field).stringValue();
        }

        String header(String name) {
            return response.headers().firstValue(name).orElse("");
        }

        /// Status and error code of an error in our form.
        String error() {
            return status() + " " + text("error");
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
        services.close();
        access.close();
    }
}
