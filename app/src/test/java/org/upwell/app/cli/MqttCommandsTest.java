// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.upwell.app.config.UpwellConfig;
import org.upwell.app.server.UpwellServer;

/// `token`, `pub` and `sub` against a real server, over TLS with the development certificate.
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class MqttCommandsTest {
    @TempDir
    private Path directory;

    private UpwellServer server;
    private String tokenFile;

    @BeforeEach
    void open() throws Exception {
        String text = """
                mqtt:
                  listeners: [{name: tls, type: tls, bind: 127.0.0.1, port: 0}]
                http: {port: 0}
                https: {port: 0}
                data-directory:\s""";
        Path config = Files.writeString(directory.resolve("upwell.yaml"), text + directory.resolve("data") + "\n");
        ToolRun added = ToolRun.of("tenant", "add", "acme", "--config", config.toString());
        server = UpwellServer.start(UpwellConfig.load(config), InstantSource.system());
        ToolRun token = ToolRun.of(
                "token",
                "--url",
                "https://127.0.0.1:" + server.httpsAddress().getPort(),
                "--ca",
                ca(),
                "--client-id",
                value(added, "client-id"),
                "--client-secret",
                value(added, "client-secret"));
        assertThat(token.err()).isEmpty();
        tokenFile = Files.writeString(directory.resolve("token"), token.out()).toString();
    }

    @AfterEach
    void close() {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"3.1", "3.1.1", "5"})
    void publishedMessageIsPrintedByTheSubscriberInEveryVersion(String version) {
        // Retained, so that it does not matter who is first.
        ToolRun pub = run("pub", "--mqtt-version", version, "--retain", "acme/app/hello", "--message", "hi");
        ToolRun sub = run("sub", "--mqtt-version", version, "--count", "1", "acme/app/#");

        assertThat(pub.exitCode()).as(pub.err()).isZero();
        assertThat(sub).isEqualTo(new ToolRun(0, "acme/app/hello hi\n", ""));
    }

    @Test
    void sessionKeepsWhatItMissed() {
        String[] subscriber = {"--client-id", "collector", "--session", "1h"};
        assertThat(run("sub", subscriber, "--for", "1ms", "acme/app/#").exitCode())
                .isZero();
        assertThat(run("pub", "acme/app/later", "--message", "kept").exitCode()).isZero();

        assertThat(run("sub", subscriber, "--count", "1", "acme/app/#").out()).isEqualTo("acme/app/later kept\n");
    }

    @Test
    void refusalsSayWhatWasRefused() {
        assertThat(run("sub", "acme/read/#", "#"))
                .isEqualTo(new ToolRun(1, "", "upwell: the broker refused '#': NOT_AUTHORIZED\n"));
        assertThat(run("pub", "zeta/app/x", "--message", "hi").err()).contains("NOT_AUTHORIZED");
        assertThat(run("pub", "acme/#", "--message", "hi").exitCode()).isEqualTo(2);
    }

    @Test
    void wrongTokenIsRefused() throws Exception {
        Files.writeString(Path.of(tokenFile), "eyJhbGciOiJSUzI1NiJ9.e30.AAAA");

        ToolRun run = run("sub", "acme/read/#");

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("BAD_USER_NAME_OR_PASSWORD");
    }

    @Test
    void serverThatStopsEndsTheSubscriptionWithAFailure() {
        CompletableFuture<ToolRun> subscription =
                CompletableFuture.supplyAsync(() -> run("sub", "--client-id", "watcher", "acme/app/#"));
        // Published to a subscriber: the subscription stands.
        while (run("pub", "acme/app/x", "--message", "1").err().contains("no subscriber")) {
            Thread.onSpinWait();
        }

        server.close();

        ToolRun run = subscription.join();
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).startsWith("upwell: disconnected: ");
    }

    private ToolRun run(String command, String... rest) {
        return run(command, new String[0], rest);
    }

    private ToolRun run(String command, String[] options, String... rest) {
        List<String> fixed = List.of(
                command,
                "--url",
                "ssl://127.0.0.1:" + server.mqttAddress("tls").getPort(),
                "--ca",
                ca(),
                "--token-file",
                tokenFile);
        return ToolRun.of(Stream.of(fixed.stream(), Stream.of(options), Stream.of(rest))
                .flatMap(each -> each)
                .toArray(String[]::new));
    }

    private String ca() {
        return server.certificates().developmentAuthority().orElseThrow().toString();
    }

    private static String value(ToolRun run, String key) {
        return run.out()
                .lines()
                .filter(line -> line.startsWith(key + ": "))
                .map(line -> line.substring(key.length() + 2))
                .findFirst()
                .orElseThrow();
    }
}
