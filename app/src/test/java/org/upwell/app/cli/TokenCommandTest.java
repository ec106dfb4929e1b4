// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenCommandTest {
    @TempDir
    private Path directory;

    private final List<String> requests = new CopyOnWriteArrayList<>();
    private WebServer server;
    private volatile int status = 200;
    private volatile String answer = "{\"accessToken\":\"a.b.c\"}";

    @BeforeEach
    void open() {
        server = WebServer.builder()
                .address(InetAddress.getLoopbackAddress())
                .port(0)
                .shutdownHook(false)
                .routing(routing -> routing.post("/api/tokens", this::handle))
                .build()
                .start();
    }

    @AfterEach
    void close() {
        server.stop();
    }

    private void handle(ServerRequest request, ServerResponse response) {
        requests.add(request.prologue().method() + " " + request.content().as(String.class));
        response.status(status).send(answer);
    }

    @Test
    void printsTheTokenAndNothingElse() throws Exception {
        Path secret = Files.writeString(directory.resolve("secret"), "quote\"d\n");

        ToolRun run = run("--client-id", "c-1", "--client-secret-file", secret.toString());

        assertThat(run).isEqualTo(new ToolRun(0, "a.b.c\n", ""));
        assertThat(requests).hasSize(1);
        assertThat(requests.getFirst())
                .startsWith("POST {")
                .contains("\"clientId\":\"c-1\"")
                .contains("\"clientSecret\":\"quote\\\"d\"");
    }

    @Test
    void createdIsAnAnswerToo() {
        status = 201;

        assertThat(run("--client-id", "c-1", "--client-secret", "s").out()).isEqualTo("a.b.c\n");
    }

    @Test
    void refusalIsAFailureThatShowsNoSecret() {
        status = 401;

        ToolRun run = run("--client-id", "c-1", "--client-secret", "hush");

        assertThat(run)
                .isEqualTo(new ToolRun(1, "", "upwell: the token service refused the client ID or its secret\n"));
    }

    @Test
    void answerWithoutATokenIsAFailure() {
        answer = "{\"token\":1}";

        assertThat(run("--client-id", "c-1", "--client-secret", "s"))
                .isEqualTo(new ToolRun(1, "", "upwell: the token service's answer has no accessToken\n"));
        answer = "<html>";
        assertThat(run("--client-id", "c-1", "--client-secret", "s").err())
                .isEqualTo("upwell: the token service's answer is not JSON\n");
    }

    @Test
    void serviceThatIsNotThereIsAFailure() {
        int port = server.port();
        server.stop();

        ToolRun run =
                ToolRun.of("token", "--url", "http://127.0.0.1:" + port, "--client-id", "c", "--client-secret", "s");

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).startsWith("upwell: no answer from http://127.0.0.1:" + port + ": ");
    }

    @Test
    void secretIsNeeded() {
        assertThat(run("--client-id", "c-1").exitCode()).isEqualTo(2);
    }

    @Test
    void fileThatHoldsNoCertificateIsAFailure() throws Exception {
        Path ca = Files.writeString(directory.resolve("ca.pem"), "no certificate\n");

        ToolRun run = run("--client-id", "c", "--client-secret", "s", "--ca", ca.toString());

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).startsWith("upwell: " + ca + ": ");
    }

    private ToolRun run(String... options) {
        String[] all = new String[options.length + 3];
        all[0] = "token";
        all[1] = "--url";
        all[2] = "http://127.0.0.1:" + server.port();
        System.arraycopy(options, 0, all, 3, options.length);
        return ToolRun.of(all);
    }
}
