// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.app.config.UpwellConfig;
import org.upwell.app.tls.PemFiles;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class UpwellServerTest {
    private static final String ANY_PORTS = """
            mqtt:
              listeners:
                - {name: tls, type: tls, bind: 127.0.0.1, port: 0}
                - {name: tcp, type: tcp, port: 0}
            http: {port: 0}
            https: {port: 0}
            gateway: {coap: {port: 0}, field: {port: 0}}
            """;

    @TempDir
    private Path directory;

    @Test
    void opensEveryListenerAndIsReadyWhenTheGatewayIsConnected() throws Exception {
        try (UpwellServer server = start(config(ANY_PORTS))) {
            assertThat(server.mqttAddress("tls").getPort()).isPositive();
            assertThat(server.mqttAddress("tcp").getPort()).isPositive();
            assertThat(server.gateway().orElseThrow().coapAddresses()).isNotEmpty();
            assertThat(server.gateway().orElseThrow().fieldAddresses()).isNotEmpty();
            awaitReady(server);
            Path ca = server.certificates().developmentAuthority().orElseThrow();
            try (HttpClient client = HttpClient.newBuilder()
                    .sslContext(PemFiles.clientContext(ca))
                    .build()) {
                URI keys =
                        URI.create("https://127.0.0.1:" + server.httpsAddress().getPort() + "/.well-known/jwks.json");
                assertThat(get(client, keys).body()).contains("\"keys\"");
            }
        }
    }

    @Test
    void countersOfAllPartsAreInTheMetrics() throws Exception {
        try (UpwellServer server = start(config(ANY_PORTS));
                HttpClient client = HttpClient.newHttpClient()) {
            awaitReady(server);

            assertThat(get(client, http(server, "/metrics")).body())
                    .contains("upwell_broker_connections ", "upwell_gateway_events_total{event=\"device-registered\"}");
        }
    }

    @Test
    void secondServerOnTheDirectoryIsRefused() throws Exception {
        UpwellConfig config = config(ANY_PORTS);
        try (UpwellServer _ = start(config)) {
            assertThatThrownBy(() -> start(config))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("another server runs on the data directory");
        }
    }

    @Test
    void startsAgainOnItsDirectoryAfterItWasClosed() throws Exception {
        UpwellConfig config = config(ANY_PORTS);
        start(config).close();

        try (UpwellServer server = start(config)) {
            awaitReady(server);
        }
    }

    @Test
    void portThatIsTakenIsNamedAndNothingStaysOpen() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            UpwellConfig config =
                    config(ANY_PORTS.replace("http: {port: 0}", "http: {port: " + taken.getLocalPort() + "}"));

            assertThatThrownBy(() -> start(config))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("http")
                    .hasMessageContaining(Integer.toString(taken.getLocalPort()));
        }
        start(config(ANY_PORTS)).close();
    }

    @Test
    void brokerOfAGatewayProcessIsRefusedInsteadOfIgnored() throws Exception {
        UpwellConfig config = config("gateway: {broker: {url: \"tcp://h\", username: u, password-file: p}}\n");

        assertThatThrownBy(() -> start(config)).isInstanceOf(IOException.class).hasMessageContaining("gateway.broker");
    }

    private UpwellConfig config(String text) throws Exception {
        Path file = directory.resolve("upwell.yaml");
        Files.writeString(file, "data-directory: " + directory.resolve("data") + "\n" + text);
        return UpwellConfig.load(file);
    }

    private static UpwellServer start(UpwellConfig config) throws IOException {
        return UpwellServer.start(config, InstantSource.system());
    }

    private static void awaitReady(UpwellServer server) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            // Within the time limit of the test; each turn asks the server, so there is nothing to sleep for.
            while (get(client, http(server, "/health/ready")).statusCode() != 200) {
                Thread.onSpinWait();
            }
        }
    }

    private static URI http(UpwellServer server, String path) {
        return URI.create("http://127.0.0.1:" + server.httpAddress().getPort() + path);
    }

    private static HttpResponse<String> get(HttpClient client, URI uri) throws Exception {
        return client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
    }
}
