// SPDX-License-Identifier: Apache-2.0
package org.upwell.field;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.field.hdlc.HdlcPrimary;
import org.upwell.field.nic.BubbleUpEntry;
import org.upwell.field.nic.FakeGateway;
import org.upwell.field.nic.Nic;
import org.upwell.field.sensor.Firmware;
import org.upwell.field.sensor.Sensor;
import org.upwell.field.serial.PseudoTerminal;

/// Sensor and NIC as the command line runs them, each alone, joined by TCP.
@Timeout(180)
class RunnersTest {
    @TempDir
    private Path directory = Path.of("");

    @Test
    void sensorAndNicOverTcpBringReadingsToTheGatewayAndCountBoots() throws Exception {
        try (FakeGateway gateway = new FakeGateway()) {
            for (int boot = 1; boot <= 2; boot++) {
                Socket reserved = reservedPort();
                int port = reserved.getLocalPort();
                CompletableFuture<SensorRunner> sensor =
                        CompletableFuture.supplyAsync(() -> sensor("tcp-listen:" + port));
                try (reserved;
                        NicRunner nic = nic("tcp:127.0.0.1:" + port, gateway.address())) {
                    SensorRunner running = sensor.get(60, TimeUnit.SECONDS);
                    String expected = Integer.toString(boot);
                    Awaitility.await()
                            .atMost(Duration.ofSeconds(60))
                            .until(() -> gateway.bubbleUps.stream()
                                            .filter(asked -> asked.query("boot").equals(expected))
                                            .count()
                                    >= 2);
                    assertThat(nic.nic().boot()).isEqualTo(boot);
                    running.close();
                    nic.await();
                }
            }
        }
    }

    /// Two pseudo-terminals, the test carries the bytes between them: both runners open a serial port.
    @Test
    @EnabledOnOs(OS.LINUX)
    void sensorAndNicOnSerialPortsWorkWithoutAWakeLineAndEndWithTheLine() throws Exception {
        try (FakeGateway gateway = new FakeGateway();
                PseudoTerminal sensorSide = new PseudoTerminal();
                PseudoTerminal nicSide = new PseudoTerminal();
                SensorRunner sensor = sensor(sensorSide.path());
                NicRunner nic = nic(nicSide.path(), gateway.address())) {
            assertThat(nic.nic().boot()).isEqualTo(1);
            while (gateway.bubbleUps.size() < 2) {
                carry(sensorSide, nicSide);
                carry(nicSide, sensorSide);
            }
            assertThat(gateway.bubbleUps.getFirst().query("uri")).isEqualTo("/snsr/arduino/temp");
            sensorSide.hangUp();
            nicSide.hangUp();
            sensor.await();
            nic.await();
        }
    }

    private static void carry(PseudoTerminal from, PseudoTerminal to) {
        byte[] bytes = from.readAvailable(1);
        if (bytes.length > 0) {
            to.write(bytes);
        }
    }

    @Test
    void settingsSayWhatIsWrongWithThem() {
        assertThatThrownBy(() -> new LinkAddress("tcp:localhost:http")).hasMessageContaining("'http'");
        assertThatThrownBy(() -> new LinkAddress("tcp-listen:99999")).hasMessageContaining("99999");
        assertThatThrownBy(() -> new LinkAddress(" ")).hasMessageContaining("link");
        assertThatThrownBy(() -> new LinkAddress("/nowhere/tty").open()).hasMessageContaining("/nowhere/tty");
        Sensor.Settings firmware = Sensor.Settings.of(Firmware.of("1.4.5"));
        LinkAddress link = new LinkAddress("/dev/null");
        assertThatThrownBy(() -> new SensorRunner.Settings(link, List.of("wind"), Duration.ofSeconds(1), firmware))
                .hasMessageContaining("'wind'");
        assertThatThrownBy(() -> new SensorRunner.Settings(link, List.of("temp"), Duration.ofMillis(1500), firmware))
                .hasMessageContaining("seconds");
        InetSocketAddress anywhere = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        assertThatThrownBy(() -> Nic.Settings.of("001350050047DD92", anywhere, anywhere, List.of()))
                .hasMessageContaining("001350050047DD92");
        InetSocketAddress nowhere = InetSocketAddress.createUnresolved("gateway.invalid", 1);
        assertThatThrownBy(() -> Nic.Settings.of("001350050047dd92", nowhere, anywhere, List.of()))
                .hasMessageContaining("gateway.invalid");
        assertThatThrownBy(() -> Firmware.of("2.0")).hasMessageContaining("2.0");
    }

    private static SensorRunner sensor(String link) {
        try {
            return new SensorRunner(new SensorRunner.Settings(
                    new LinkAddress(link),
                    List.of("temp", "ncmth1"),
                    Duration.ofSeconds(1),
                    Sensor.Settings.of(Firmware.V1_4_8).withIdleGap(Duration.ofMillis(5))));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private NicRunner nic(String link, InetSocketAddress gateway) throws IOException {
        Nic.Settings settings = Nic.Settings.of(
                        "001350050047dd92",
                        gateway,
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        List.of(BubbleUpEntry.read("/snsr/arduino/temp")))
                .withTiming(
                        new HdlcPrimary.Timing(Duration.ofSeconds(1), 3),
                        Duration.ofMillis(200),
                        Duration.ofMillis(20));
        // The sensor's side may not listen yet.
        NicRunner.Settings all = new NicRunner.Settings(new LinkAddress(link), settings, Optional.of(directory));
        return Awaitility.await()
                .ignoreException(ConnectException.class)
                .until(() -> new NicRunner(all, InstantSource.system()), runner -> true);
    }

    /// Bound, so that nobody else gets it, and not listening, so that the sensor still may.
    private static Socket reservedPort() throws IOException {
        Socket reserved = new Socket();
        reserved.setReuseAddress(true);
        reserved.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        return reserved;
    }
}
