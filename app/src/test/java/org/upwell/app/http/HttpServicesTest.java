// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.app.http.TestServer.Answer;
import org.upwell.app.tls.TlsFiles;

@Timeout(60)
class HttpServicesTest {

    @TempDir
    Path data;

    private static HttpRequest get(String uri) {
        return HttpRequest.newBuilder(URI.create(uri)).build();
    }

    @Test
    void healthFollowsReadiness() throws Exception {
        try (TestServer server = new TestServer(data)) {
            assertThat(server.call("GET", "/health/live").send().body()).isEqualTo("{\"status\":\"up\",\"causes\":[]}");
            assertThat(server.call("GET", "/health/ready").send().status()).isEqualTo(200);
            server.notReady.add("the store is still being read");
            Answer down = server.secure("GET", "/health/ready").send();
            assertThat(down.status()).isEqualTo(503);
            assertThat(down.body()).isEqualTo("{\"status\":\"down\",\"causes\":[\"the store is still being read\"]}");
            assertThat(server.call("GET", "/health/live").send().status()).isEqualTo(200);
        }
    }

    @Test
    void metricsAreForThisMachineOrAnAdministrator() throws Exception {
        try (TestServer server = new TestServer(data)) {
            server.metrics.counter("sample", "tenant", "t").increment();
            server.call("GET", "/api/solutions/x/devices").send();
            server.call("GET", "/no/such/path").send();
            // A request is counted when its answer has been sent, which may be after that arrived.
            await().untilAsserted(() -> {
                Answer answer = server.call("GET", "/metrics").send();
                assertThat(answer.status()).isEqualTo(200);
                assertThat(answer.header("Content-Type")).startsWith("text/plain; version=0.0.4");
                assertThat(answer.body())
                        .contains("sample_total{tenant=\"t\"} 1.0")
                        .contains("upwell_http_requests_seconds_count{listener=\"http\",path=\"/api/solutions/"
                                + "{solution}/devices\",status=\"401\"} 1")
                        .contains("path=\"other\",status=\"404\"} 1")
                        .doesNotContain("no/such/path");
            });
        }
    }

    @Test
    void whatNobodyServesIsNotFoundInOurForm() throws Exception {
        try (TestServer server = new TestServer(data)) {
            for (String path : List.of("/", "/api", "/api/tokens", "/api/admin/none", "/metrics/..%2f")) {
                assertThat(server.call("GET", path).send().error()).as(path).isEqualTo("404 not_found");
            }
        }
    }

    @Test
    void otherConcernsAddTheirPaths() throws Exception {
        Routes more = rules -> rules.get(
                        "/api/more/{name}",
                        (request, response) -> Json.send(
                                response,
                                200,
                                List.of(request.path().pathParameters().get("name"))))
                .get("/api/broken", (_, _) -> {
                    throw new IllegalStateException("secret detail");
                });
        try (TestServer server = new TestServer(data, more)) {
            assertThat(server.secure("GET", "/api/more/a%20b%2B").send().body()).isEqualTo("[\"a b+\"]");
            Answer broken = server.call("GET", "/api/broken").send();
            assertThat(broken.error()).isEqualTo("500 internal");
            assertThat(broken.body()).doesNotContain("secret");
        }
    }

    @Test
    void theCertificateHoldsForTheNamesInItAndNoOthers() throws Exception {
        try (TestServer server = new TestServer(data)) {
            int port = server.httpsPort();
            var text = HttpResponse.BodyHandlers.ofString();
            for (String host : List.of("localhost", "127.0.0.1")) {
                assertThat(server.client
                                .send(get("https://" + host + ":" + port + "/health/live"), text)
                                .statusCode())
                        .isEqualTo(200);
            }
            // Who does not trust the authority does not talk.
            try (HttpClient stranger = HttpClient.newHttpClient()) {
                assertThatThrownBy(() -> stranger.send(get("https://localhost:" + port + "/"), text))
                        .isInstanceOf(SSLHandshakeException.class);
            }
        }
        // The same certificate behind an address that is not in it.
        try (TestServer server = new TestServer(data.resolve("other"))) {
            HttpListener elsewhere = new HttpListener("https", "127.0.0.2", 0, server.certificates.server());
            var parts = new HttpServices.Parts(server.access, server.metrics, List::of, List.of());
            try (HttpServices services = HttpServices.start(List.of(elsewhere), parts)) {
                assertThatThrownBy(() -> server.client.send(
                                get("https://127.0.0.2:" + services.port(0) + "/"),
                                HttpResponse.BodyHandlers.ofString()))
                        .isInstanceOf(SSLHandshakeException.class)
                        .hasMessageContaining("127.0.0.2");
            }
        }
    }

    @Test
    void plainHttpIsServedOnLoopbackAddressesOnly() throws Exception {
        for (String bind : List.of("0.0.0.0", "::", "192.0.2.1")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new HttpListener("http", bind, 0, null).address())
                    .withMessage("http: plain HTTP is served on 127.0.0.1 only, and " + bind
                            + " can be reached from elsewhere; use https, which takes a certificate");
        }
        assertThat(new HttpListener("http", "localhost", 0, null).address().isLoopbackAddress())
                .isTrue();
        TlsFiles files = new TlsFiles(Path.of("c"), Path.of("k"));
        assertThat(new HttpListener("https", "0.0.0.0", 0, files).isLocal()).isFalse();
        try (TestServer server = new TestServer(data)) {
            HttpListener open = new HttpListener("http", "0.0.0.0", 0, null);
            var parts = new HttpServices.Parts(server.access, server.metrics, List::of, List.of());
            assertThatIllegalArgumentException().isThrownBy(() -> HttpServices.start(List.of(open), parts));
        }
    }

    @Test
    void metricsOnAnOpenListenerTakeAnAdministrator() throws Exception {
        try (TestServer server = new TestServer(data)) {
            HttpListener open = new HttpListener("https", "0.0.0.0", 0, server.certificates.server());
            var parts = new HttpServices.Parts(server.access, server.metrics, List::of, List.of());
            try (HttpServices services = HttpServices.start(List.of(open), parts)) {
                String uri = "https://localhost:" + services.port(0) + "/metrics";
                assertThat(server.new Call(uri, "GET").send().error()).isEqualTo("401 unauthorized");
                assertThat(server.new Call(uri, "GET")
                                .header("Authorization", TestServer.ROOT)
                                .send()
                                .status())
                        .isEqualTo(200);
            }
        }
    }

    @Test
    void aListenerThatCannotOpenIsNamedAndTheOthersCloseAgain() throws Exception {
        try (TestServer server = new TestServer(data);
                ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket reserved = new Socket()) {
            // Bound, so that nobody else gets the port, and not listening, so that the server still may.
            reserved.setReuseAddress(true);
            reserved.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
            int freePort = reserved.getLocalPort();
            var parts = new HttpServices.Parts(server.access, server.metrics, List::of, List.of());
            HttpListener first = new HttpListener("http", "127.0.0.1", freePort, null);
            HttpListener second =
                    new HttpListener("https", "127.0.0.1", taken.getLocalPort(), server.certificates.server());
            assertThatThrownBy(() -> HttpServices.start(List.of(first, second), parts))
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith(
                            "https: cannot listen on 127.0.0.1:" + taken.getLocalPort() + ": Address already in use");
            assertThatThrownBy(() -> server.client.send(
                            get("http://127.0.0.1:" + freePort + "/"), HttpResponse.BodyHandlers.ofString()))
                    .isInstanceOf(ConnectException.class);
            TlsFiles absent = new TlsFiles(data.resolve("absent.pem"), data.resolve("absent-key.pem"));
            assertThatThrownBy(
                            () -> HttpServices.start(List.of(new HttpListener("https", "127.0.0.1", 0, absent)), parts))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("absent.pem: there is no such file");
        }
    }

    @Test
    void plainTextOnTheTlsPortDoesNotDisturbOthers() throws Exception {
        try (TestServer server = new TestServer(data)) {
            assertThatThrownBy(() -> server.client.send(
                            get("http://127.0.0.1:" + server.httpsPort() + "/health/live"),
                            HttpResponse.BodyHandlers.ofString()))
                    .isInstanceOf(IOException.class);
            assertThat(server.secure("GET", "/health/live").send().status()).isEqualTo(200);
        }
    }
}
