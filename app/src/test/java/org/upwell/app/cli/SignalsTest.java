// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.eclipse.californium.core.coap.CoAP.Code;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// What SIGTERM does, to real processes.
@DisabledOnOs(OS.WINDOWS)
@Timeout(value = 90, unit = TimeUnit.SECONDS)
class SignalsTest {
    private static final String URI = "coap://SSN001350050047dd92.example.net:4849/snsr/arduino/temp?sens";
    private static final byte[] READING =
            HexFormat.of().parseHex("A2006474656D700172313534303538343938322C37322E35302C46");
    private static final int TERMINATED = 128 + 15;

    @TempDir
    private Path directory;

    /// An ended process with what it printed.
    private record Ended(int exitCode, String output) {
        static Ended of(Process process) throws IOException, InterruptedException {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Ended(process.waitFor(), output);
        }
    }

    @Test
    void serverThatHasSaidReadyObeysAtOnce() throws Exception {
        Path config = Files.writeString(directory.resolve("upwell.yaml"), """
                data-directory: data
                mqtt:
                  listeners:
                    - {name: tcp, type: tcp, bind: 127.0.0.1, port: 0}
                http: {bind: 127.0.0.1, port: 0}
                https: {bind: 127.0.0.1, port: 0}
                """);

        Ended ended = run("upwell ready", "and-hold", "server", "--config", config.toString());

        assertThat(ended.exitCode()).as(ended.output()).isZero();
        assertThat(ended.output()).contains("Stopped").doesNotContain("Exception");
    }

    @Test
    void gatewayThatHasSaidReadyObeysAtOnce() throws Exception {
        Files.writeString(directory.resolve("password"), "long enough\n");
        Path config = Files.writeString(directory.resolve("gateway.yaml"), """
                data-directory: data
                gateway:
                  broker: {url: "tcp://127.0.0.1:1", username: gateway, password-file: password}
                  coap: {bind: 127.0.0.1, port: 0}
                  field: {bind: 127.0.0.1, port: 0}
                """);

        Ended ended = run("upwell ready", "and-hold", "gateway", "--config", config.toString());

        assertThat(ended.exitCode()).as(ended.output()).isZero();
        assertThat(ended.output()).contains("Stopped").doesNotContain("Exception");
    }

    @Test
    void observeCancelsAndClosesItsSession() throws Exception {
        try (FakeGateway gateway = new FakeGateway()) {
            gateway.answer(Code.GET, URI, ResponseCode.CONTENT, READING);

            Ended ended =
                    run("temp", "and-hold", "observe", "--gateway", gateway.address(), "--token-file", token(), URI);

            assertThat(ended.exitCode()).as(ended.output()).isZero();
            assertThat(ended.output()).isEqualTo("temp 1540584982,72.50,F");
            assertThat(gateway.seen()).contains("GET " + URI + "  observe=0", "GET " + URI + "  observe=1");
            assertThat(gateway.openSessions()).isZero();
        }
    }

    @Test
    void getThatWaitsForItsAnswerClosesItsSession() throws Exception {
        try (FakeGateway gateway = new FakeGateway()) {
            CompletableFuture<Void> asked = gateway.neverAnswer(Code.GET, URI);
            Process process = SignallingTool.start(
                    directory, "-", "and-hold", "get", "--gateway", gateway.address(), "--token-file", token(), URI);
            asked.get(60, TimeUnit.SECONDS);

            // Unlike the process's own, this leaves its output open.
            process.toHandle().destroy();

            Ended ended = Ended.of(process);
            assertThat(ended.exitCode()).as(ended.output()).isEqualTo(TERMINATED);
            assertThat(gateway.openSessions()).isZero();
        }
    }

    /// A signal is not the end that `--for` asked for: success is only what the summary shows.
    @Test
    void demoWithALengthIsJudgedAtASignalToo() throws Exception {
        Ended ended = run("time", "and-go-on", "demo", "--devices", "2", "--for", "10m", "--any-ports");

        assertThat(ended.output()).containsPattern("\nsent=\\d+ delivered=\\d+ lost=\\d+ duplicated=\\d+\n");
        boolean kept = ended.output().contains(" lost=0 ") && !ended.output().contains("no reading arrived");
        assertThat(ended.exitCode()).as(ended.output()).isEqualTo(kept ? 0 : 1);
    }

    @Test
    void demoWithoutALengthEndsByASignalWithItsSummary() throws Exception {
        Ended ended = run("time", "and-go-on", "demo", "--devices", "2", "--any-ports");

        assertThat(ended.output())
                .containsPattern("\nsent=\\d+ delivered=\\d+ lost=0 duplicated=0\n")
                .doesNotContain("no reading arrived");
        assertThat(ended.exitCode()).as(ended.output()).isZero();
    }

    /// Broker and gateway are processes of their own there, and the signal comes when one of them was just killed.
    @Test
    void demoInWeatherEndsByASignalWithoutALoss() throws Exception {
        Ended ended = run(
                "-- server killed",
                "and-go-on",
                "demo",
                "--weather",
                "--devices",
                "4",
                "--period",
                "1s",
                "--for",
                "40s",
                "--any-ports");

        assertThat(ended.output()).containsPattern("\nsent=\\d+ delivered=\\d+ lost=0 duplicated=0\n");
        assertThat(ended.exitCode()).as(ended.output()).isZero();
        assertThat(ProcessHandle.allProcesses()
                        .filter(each -> each.info()
                                .commandLine()
                                .filter(line -> line.contains("demo-server.yaml") || line.contains("demo-gateway.yaml"))
                                .filter(line -> line.contains(System.getProperty("java.class.path")))
                                .isPresent())
                        .count())
                .as("processes left")
                .isZero();
    }

    private Ended run(String... arguments) throws IOException, InterruptedException {
        return Ended.of(SignallingTool.start(directory, arguments));
    }

    private String token() throws IOException {
        return Files.writeString(directory.resolve("token"), FakeGateway.TOKEN).toString();
    }
}
