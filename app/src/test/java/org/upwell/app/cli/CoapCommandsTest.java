// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import org.eclipse.californium.core.coap.CoAP.Code;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class CoapCommandsTest {
    private static final String URI = "coap://SSN001350050047dd92.example.net:4849/snsr/arduino/temp?sens";
    private static final byte[] READING =
            HexFormat.of().parseHex("A2006474656D700172313534303538343938322C37322E35302C46");

    @TempDir
    private Path directory;

    private FakeGateway gateway;
    private String tokenFile;

    @BeforeEach
    void open() throws Exception {
        gateway = new FakeGateway();
        tokenFile = directory.resolve("token").toString();
        Files.writeString(Path.of(tokenFile), FakeGateway.TOKEN + "\n");
    }

    @AfterEach
    void close() {
        gateway.close();
    }

    @Test
    void getOpensASessionReadsThroughTheProxyAndClosesIt() {
        gateway.answer(Code.GET, URI, ResponseCode.CONTENT, READING);

        ToolRun run = run("get", URI);

        assertThat(run.err()).isEmpty();
        assertThat(run.out()).isEqualTo("temp 1540584982,72.50,F\n");
        assertThat(run.exitCode()).isZero();
        assertThat(gateway.openSessions()).isZero();
    }

    @Test
    void getPrintsHexWhenAsked() {
        gateway.answer(Code.GET, URI, ResponseCode.CONTENT, READING);

        assertThat(run("get", "--hex", URI).out())
                .isEqualTo("a2006474656d700172313534303538343938322c37322e35302c46\n");
    }

    @Test
    void refusalIsAFailureThatSaysItsCode() {
        ToolRun run = run("get", URI);

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).isEqualTo("upwell: 4.04 NOT FOUND\n");
        assertThat(gateway.openSessions()).isZero();
    }

    @Test
    void putSendsTheQueryAndThePayload() {
        String uri = URI.replace("?sens", "?cfg=C");
        gateway.answer(Code.PUT, uri, ResponseCode.CHANGED, new byte[0]);

        ToolRun run = run("put", uri, "--payload", "x");

        assertThat(run.out()).isEqualTo("2.04 CHANGED\n");
        assertThat(run.exitCode()).isZero();
        assertThat(gateway.seen()).containsExactly("PUT " + uri + " x observe=null");
    }

    @Test
    void observePrintsNotificationsButNotTheEmptyAnswerToItsRegistrationAndCancelsAtTheEnd() {
        gateway.answer(Code.GET, URI, ResponseCode.CONTENT, READING);

        ToolRun run = run("observe", "--count", "2", URI);

        assertThat(run.err()).isEmpty();
        assertThat(run.out()).isEqualTo("temp 1540584982,72.50,F\n".repeat(2));
        assertThat(run.exitCode()).isZero();
        assertThat(gateway.seen()).contains("GET " + URI + "  observe=0", "GET " + URI + "  observe=1");
        assertThat(gateway.openSessions()).isZero();
    }

    @Test
    void observeOfWhatIsNotThereFails() {
        ToolRun run = run("observe", URI);

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).isEqualTo("upwell: 4.04 NOT FOUND\n");
    }

    @Test
    void tokenThatIsRefusedIsAFailure() throws Exception {
        Files.writeString(Path.of(tokenFile), "wrong", StandardCharsets.UTF_8);

        ToolRun run = run("get", URI);

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).isEqualTo("upwell: the gateway opened no session: 4.01 UNAUTHORIZED\n");
    }

    @Test
    void gatewayThatDoesNotAnswerIsAFailureAfterTheTimeout() throws Exception {
        try (DatagramSocket silent = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.1"))) {
            String address = "127.0.0.1:" + silent.getLocalPort();

            ToolRun run = ToolRun.of("get", "--gateway", address, "--token-file", tokenFile, "--timeout", "200ms", URI);

            assertThat(run.exitCode()).isEqualTo(1);
            assertThat(run.err()).startsWith("upwell: no answer from the gateway at " + address);
        }
    }

    private ToolRun run(String command, String... rest) {
        String[] fixed = {command, "--gateway", gateway.address(), "--token-file", tokenFile, "--timeout", "10s"};
        String[] all = Arrays.copyOf(fixed, fixed.length + rest.length);
        System.arraycopy(rest, 0, all, fixed.length, rest.length);
        return ToolRun.of(all);
    }
}
