// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.eclipse.californium.core.CoapResource;
import org.eclipse.californium.core.CoapServer;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.core.network.Exchange;
import org.eclipse.californium.core.server.ServerMessageDeliverer;
import org.eclipse.californium.core.server.resources.CoapExchange;
import org.eclipse.californium.core.server.resources.Resource;
import org.eclipse.californium.elements.config.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `nic` and `sensor`, each with this test at the other end of its line, and `field`.
@Timeout(value = 90, unit = TimeUnit.SECONDS)
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
                "field --devices 0 | 2 | a field has 1 device at least",
                "field --gateway [::1]:9 --devices 3 --access-points 2 | 2 | there are addresses for 1 devices behind",
                "field --devices 3 --access-points 4 | 2 | a field has at least one access point and a device for each",
                "field --addresses 10.0.0.1 | 2 | Invalid value for option '--addresses': '10.0.0.1' is not a range",
                "field --addresses fd00::/64 | 2 | the gateway and the NICs must both have IPv4 or IPv6 addresses",
                "field --namespace | 2 | --namespace needs --gateway with an IPv6 address of this host",
                "field --namespace --gateway [::1]:9 | 2 | from a network namespace there is no way to ",
                "field --scenario /nowhere.yaml | 1 | /nowhere.yaml: ",
                "nic --serial /nowhere/tty --gateway 127.0.0.1:9 --mac 00 | 2 | '00' is not an address of 16 hex digits",
            })
    void whatCannotBeIsToldInALine(String line, int exitCode, String complaint) {
        ToolRun run = ToolRun.of(line.split(" "));

        assertThat(run.err()).startsWith("upwell: " + complaint);
        assertThat(run.exitCode()).isEqualTo(exitCode);
    }

    @Test
    void aFieldInTheWeatherOfAFileEndsWhenEverythingIsAcknowledged() throws Exception {
        Path scenario = directory.resolve("storm.yaml");
        Files.writeString(scenario, """
                air: { hops: 1-3, delay-per-hop: 10ms, duplicates: 5% }
                weather:
                  - { at: 1s, what: address-changes, share: 50%, over: 500ms }
                """);
        CoapServer gateway = acknowledgingGateway("127.0.0.1");
        try {
            int port = gateway.getEndpoints().getFirst().getAddress().getPort();
            ToolRun run = ToolRun.of(("field --devices 60 --access-points 2 --period 1s --start-over 200ms --for 2s"
                            + " --gateway 127.0.0.1:" + port + " --scenario " + scenario)
                    .split(" "));

            assertThat(run.exitCode()).as(run.out() + run.err()).isZero();
            assertThat(run.out())
                    .startsWith("field of 60 NICs behind 2 access points, gateway 127.0.0.1:" + port)
                    .contains("registered=60 ", "waiting=0 dropped=0 ", "from NIC to acknowledgement: p50=");
        } finally {
            gateway.destroy();
        }
    }

    @Test
    void aFieldReachesItsGatewayAtAnIpv6Address() throws Exception {
        CoapServer gateway = acknowledgingGateway("::1");
        try {
            int port = gateway.getEndpoints().getFirst().getAddress().getPort();
            ToolRun run =
                    ToolRun.of(("field --devices 20 --period 500ms --start-over 200ms --for 1s --gateway [::1]:" + port)
                            .split(" "));

            assertThat(run.exitCode()).as(run.out() + run.err()).isZero();
            assertThat(run.out())
                    .startsWith("field of 20 NICs behind 20 access points, gateway [::1]:" + port)
                    .contains("registered=20 ", "waiting=0 dropped=0 ");
        } finally {
            gateway.destroy();
        }
    }

    @Test
    void aFieldWhoseGatewayIsSilentFails() {
        ToolRun run = fieldWithoutAGateway();
        // A machine that is busy may leave its NICs no time to make anything, but hardly five times.
        for (int i = 1; i < 5 && run.exitCode() == 0; i++) {
            run = fieldWithoutAGateway();
        }

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.out()).contains("notifications were never acknowledged to their NICs");
    }

    private static ToolRun fieldWithoutAGateway() {
        return ToolRun.of(
                "field --devices 2 --period 100ms --start-over 0s --for 300ms --flush 100ms --gateway 127.0.0.1:9"
                        .split(" "));
    }

    @Test
    void aFieldTellsTheMacsThatItWillHave() {
        ToolRun run = ToolRun.of("field --devices 3 --first-mac 00135005000000fe --list-macs".split(" "));

        assertThat(run.out()).isEqualTo("00135005000000fe\n00135005000000ff\n0013500500000100\n");
        assertThat(run.exitCode()).isZero();
    }

    private static CoapServer acknowledgingGateway(String address) {
        Configuration configuration = Configuration.createStandardWithoutFile();
        CoapServer server = new CoapServer(configuration);
        server.addEndpoint(new CoapEndpoint.Builder()
                .setConfiguration(configuration)
                .setInetSocketAddress(new InetSocketAddress(InetAddress.ofLiteral(address), 0))
                .build());
        server.setMessageDeliverer(new ServerMessageDeliverer(server.getRoot(), configuration) {
            @Override
            protected Resource findResource(Exchange exchange) {
                return new CoapResource("any") {
                    @Override
                    public void handlePOST(CoapExchange asked) {
                        asked.respond(ResponseCode.CHANGED);
                    }
                };
            }
        });
        server.start();
        return server;
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
            return run.get(60, TimeUnit.SECONDS);
        }
    }

    private static int firstByte(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        return in.read();
    }
}
