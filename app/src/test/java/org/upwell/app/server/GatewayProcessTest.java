// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.upwell.app.server.FieldPeer.MAC;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.app.cli.CommandLineTool;
import org.upwell.app.cli.Terminal;
import org.upwell.app.config.GatewayConfig;
import org.upwell.app.config.UpwellConfig;

/// A gateway apart from its server, on the same data directory, looked into by command and by REST.
@Timeout(60)
class GatewayProcessTest {

    @TempDir
    private Path directory;

    private UpwellServer server;
    private GatewayProcess gateway;
    private Operator operator;
    private FieldPeer nic;

    private UpwellConfig config(String name, String text) throws Exception {
        Path file = directory.resolve(name);
        Files.writeString(file, text.replace("DATA", directory.resolve("data").toString()));
        return UpwellConfig.load(file);
    }

    @BeforeEach
    void start() throws Exception {
        server = UpwellServer.start(config("server.yaml", """
                data-directory: DATA
                mqtt: {listeners: [{name: tcp, port: 0}]}
                http: {port: 0}
                https: {port: 0}
                gateway: {coap: {port: 0}, field: {port: 0}}
                """), InstantSource.system());
        operator = Operator.of(server, directory);
        String broker = "tcp://127.0.0.1:" + server.mqttAddress("tcp").getPort();
        UpwellConfig config = config("gateway.yaml", """
                data-directory: DATA
                gateway:
                  broker: {url: "BROKER", username: gateway, password-file: DATA/gateway-password}
                  bridge: {first-instance: 2}
                  coap: {port: 0}
                  field: {port: 0}
                  http: {port: 0}
                """.replace("BROKER", broker));
        GatewayConfig gatewayConfig = config.gateway().orElseThrow();
        gateway = GatewayProcess.start(
                config, gatewayConfig, gatewayConfig.broker().orElseThrow(), InstantSource.system());
        nic = FieldPeer.at(gateway.fieldAddresses().getFirst());
    }

    @AfterEach
    void stop() {
        nic.close();
        gateway.close();
        server.close();
    }

    private String url() {
        return "http://127.0.0.1:" + gateway.httpPort().orElseThrow();
    }

    private String run(String... arguments) {
        return operator.run(gateway.httpPort().orElseThrow(), arguments);
    }

    @Test
    void itsQuarantineIsSeenByCommand() throws Exception {
        nic.register();
        nic.bubbleUp(1);
        assertThat(run("gateway", "quarantine", "list")).startsWith("0\n" + MAC + "\t1 messages\t8 bytes");
        assertThat(run("quarantine", "show", MAC)).contains("number 1\t8 bytes");
        assertThat(run("gateway", "quarantine", "discard", MAC)).startsWith("0\ndiscarded 1 messages");
    }

    @Test
    void itsTrafficIsTracedByCommand() throws Exception {
        nic.register();
        CompletableFuture<String> trace = CompletableFuture.supplyAsync(
                () -> run("gateway", "trace", MAC, "--count", "2"), Thread::startVirtualThread);
        await().until(() -> gateway.gateway().traces().size() == 1);
        nic.bubbleUp(1);

        List<String> lines = trace.get().lines().toList();
        assertThat(lines.getFirst()).isEqualTo("0");
        assertThat(lines.get(1))
                .contains("\tfield\tin\t127.0.0.1:" + nic.port() + "\tCON\tPOST\tmid ")
                .contains("\t/bubbleup/read?mac=" + MAC)
                .endsWith("\t8 bytes\treceived");
        assertThat(lines.get(2)).contains("\tACK\t2.04\tmid ").containsPattern("\t0 bytes\tafter \\d+\\.\\d ms$");
        assertThat(lines).hasSize(3);
        await().until(() -> gateway.gateway().traces().size() == 0);
    }

    @Test
    void payloadsAreTracedIfAskedFor() throws Exception {
        nic.register();
        CompletableFuture<String> trace = CompletableFuture.supplyAsync(
                () -> run("gateway", "trace", MAC, "--count", "1", "--payload"), Thread::startVirtualThread);
        await().until(() -> gateway.gateway().traces().size() == 1);
        nic.bubbleUp(1);
        assertThat(trace.get()).contains("\t8 bytes\treceived\t1,2.00,C");
    }

    @Test
    void itsNumbersAreSeenByCommandAndInTheMetrics() throws Exception {
        nic.register();
        assertThat(run("gateway", "counters"))
                .contains("\ndevices\t1\n", "\ndevice-registered\t1\n", "\ntenant\t/nobody\tto-devices\t2.04\t1\n")
                .contains("\naccess-point\t127.0.0.1\tto-devices\t2.04\t1\n");
        assertThat(get("/metrics", "").body())
                .contains("upwell_gateway_answers_total{by=\"access-point\",code=\"2.04\",name=\"127.0.0.1\"");
    }

    @Test
    void onlyAnAdministratorLooksIn() throws Exception {
        server.access().directory().users().add("olga", "geheim", Set.of("OPERATOR"));
        // The gateway reads of her in the server's files.
        await().until(() ->
                get("/api/admin/gateway/counters", "Basic b2xnYTpnZWhlaW0=").statusCode() == 403);
        for (String path : List.of("trace/" + MAC, "counters")) {
            assertThat(get("/api/admin/gateway/" + path, "").statusCode()).isEqualTo(401);
            // olga:geheim
            assertThat(get("/api/admin/gateway/" + path, "Basic b2xnYTpnZWhlaW0=")
                            .statusCode())
                    .isEqualTo(403);
        }
        assertThat(run("gateway", "trace", "no-mac")).startsWith("1\n").contains("the server answered 400");
        // Tokens and tenants are the server's.
        assertThat(get("/.well-known/jwks.json", "").statusCode()).isEqualTo(404);
        await().until(() -> get("/health/ready", "").statusCode() == 200);
    }

    private HttpResponse<String> get(String path, String authorization) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url() + path));
            if (!authorization.isEmpty()) {
                request.header("Authorization", authorization);
            }
            return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        }
    }

    @Test
    void commandWithoutConfigurationNamesWhatIsMissing() {
        StringWriter err = new StringWriter();
        int exitCode =
                CommandLineTool.run(new Terminal(new PrintWriter(new StringWriter()), new PrintWriter(err)), "gateway");
        assertThat(exitCode).isEqualTo(2);
        assertThat(err.toString()).contains("Give --config=FILE, or name what to do");
    }
}
