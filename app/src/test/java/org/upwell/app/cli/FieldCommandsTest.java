// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `nic` and `sensor`, each with this test at the other end of its line.
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class FieldCommandsTest {
    private static final String MAC = "001350050047DD92";

    @TempDir
    private Path directory;

    @Test
    void nicTalksToItsSensorUntilTheLineEndsAndKeepsItsState() throws Exception {
        ToolRun run = runOnALine(
                "nic --gateway 127.0.0.1:9 --bind 127.0.0.1:0 --mac " + MAC + " --state-directory " + directory);

        assertThat(run.out())
                .startsWith("NIC 001350050047dd92 on tcp:127.0.0.1:")
                .contains(", gateway 127.0.0.1:9\n");
        assertThat(run.exitCode()).as(run.err()).isEqualTo(1);
        assertThat(directory).isNotEmptyDirectory();
    }

    @Test
    void sensorEndsWithItsLine() throws Exception {
        ToolRun run = runOnALine("sensor --alarm-every 100ms");

        assertThat(run.out()).startsWith("sensor 1.4.8 on tcp:127.0.0.1:");
        assertThat(run.exitCode()).as(run.err()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "sensor | 2 | Missing required option: '--serial=LINE'",
                "sensor --serial tcp:localhost:http | 2 | Invalid value for option '--serial': 'http'",
                "sensor --serial /nowhere/tty | 1 | the sensor cannot start: ",
                "sensor --serial /nowhere/tty --period 1500ms | 2 | the period must be whole seconds",
                "sensor --serial /nowhere/tty --alarm-every 0s | 2 | --alarm-every must be longer than nothing",
                "nic --serial /nowhere/tty | 2 | Missing required option: '--gateway=HOST:PORT'",
                "nic --serial /nowhere/tty --gateway 127.0.0.1:9 | 1 | the NIC cannot start: ",
                "nic --serial /nowhere/tty --gateway 127.0.0.1:9 --mac 00 | 2 | '00' is not an address of 16 hex digits",
            })
    void whatCannotBeIsToldInALine(String line, int exitCode, String complaint) {
        ToolRun run = ToolRun.of(line.split(" "));

        assertThat(run.err()).startsWith("upwell: " + complaint);
        assertThat(run.exitCode()).isEqualTo(exitCode);
    }

    /// Hangs up, on a NIC, which speaks first, when it has begun to.
    private static ToolRun runOnALine(String line) throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String[] words = (line + " --serial tcp:127.0.0.1:" + server.getLocalPort()).split(" ");
            CompletableFuture<ToolRun> run = CompletableFuture.supplyAsync(() -> ToolRun.of(words));
            try (Socket socket = server.accept()) {
                if (words[0].equals("nic")) {
                    assertThat(firstByte(socket)).isEqualTo(0x7e);
                }
            }
            return run.get(20, TimeUnit.SECONDS);
        }
    }

    private static int firstByte(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        return in.read();
    }
}
