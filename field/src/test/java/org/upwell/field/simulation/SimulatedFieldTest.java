// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.awaitility.Awaitility;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Response;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.field.nic.BubbleUpClass;
import org.upwell.field.nic.FakeGateway;
import org.upwell.field.sensor.CborWrapper;

/// Whole devices against a gateway on a real socket.
@Timeout(180)
class SimulatedFieldTest {
    private final ConcurrentLinkedQueue<SentNotification> sent = new ConcurrentLinkedQueue<>();

    @Test
    void everyDeviceRegistersReadsAndAlarmsAndNothingIsLostOrRepeated() throws Exception {
        List<String> macs = SimulatedField.macs(1, 50);
        try (FakeGateway gateway = new FakeGateway();
                SimulatedField field = start(gateway, macs)) {
            await(() -> field.reports().stream().allMatch(report -> report.reads() >= 2));
            alarmUntilHeard(field, macs, 7);
            field.stopProducing();
            assertThat(field.flush(Duration.ofSeconds(20))).isTrue();

            long begun = field.sent();
            assertThat(field.acknowledged()).isEqualTo(begun);
            assertThat(field.buffered()).isZero();
            assertThat(sent).hasSize((int) begun);
            Set<String> told = new HashSet<>();
            sent.forEach(one -> told.add(key(one.mac(), one.kind().word(), one.boot(), one.sequence())));
            Set<String> heard = new HashSet<>();
            gateway.bubbleUps.forEach(asked -> heard.add(key(
                    asked.query("mac"),
                    asked.path().substring("/bubbleup/".length()),
                    Long.parseLong(asked.query("boot")),
                    Long.parseLong(asked.query("seq")))));
            assertThat(heard).isEqualTo(told).hasSize((int) begun);
            assertThat(gateway.bubbleUps).hasSize((int) begun);
            assertThat(gateway.registrations)
                    .extracting(asked -> asked.query("mac"))
                    .containsExactlyInAnyOrderElementsOf(macs);
        }
    }

    @Test
    void payloadIsTheWrappedReadingWithTheRealTime() throws Exception {
        try (FakeGateway gateway = new FakeGateway();
                SimulatedField field = start(gateway, SimulatedField.macs(1, 1))) {
            await(() -> !gateway.bubbleUps.isEmpty());
            FakeGateway.Asked first = gateway.bubbleUps.getFirst();
            CborWrapper wrapper = CborWrapper.decode(first.payload()).orElseThrow();
            assertThat(wrapper.type()).isEqualTo("temp");
            assertThat(new String(wrapper.data(), StandardCharsets.US_ASCII)).matches("\\d{10},-?\\d+\\.\\d\\d,F");
            long now = InstantSource.system().instant().getEpochSecond();
            long told = Long.parseLong(new String(wrapper.data(), StandardCharsets.US_ASCII).substring(0, 10));
            assertThat(told).isBetween(now - 60, now + 1);
            assertThat(first.query("uri")).isEqualTo("/snsr/arduino/temp");
            assertThat(first.contentFormat()).isEqualTo(60);
            assertThat(field.reports()).hasSize(1);
        }
    }

    @Test
    void refusalWithMaxAgeIsWaitedOutAndOrderIsKept() throws Exception {
        try (FakeGateway gateway = new FakeGateway()) {
            gateway.onBubbleUp = (asked, count) -> count <= 2
                    ? FakeGateway.maxAge(new Response(ResponseCode.SERVICE_UNAVAILABLE), 1)
                    : FakeGateway.changed();
            try (SimulatedField field = start(gateway, SimulatedField.macs(1, 1))) {
                await(() -> field.acknowledged() >= 2);
                List<String> sequences = gateway.bubbleUps.stream()
                        .map(asked -> asked.query("seq"))
                        .toList();
                assertThat(sequences).startsWith("1", "1", "1", "2");
            }
        }
    }

    @Test
    void newAddressIsToldBeforeAnythingElseGoesOut() throws Exception {
        String mac = SimulatedField.macs(1, 1).getFirst();
        try (FakeGateway gateway = new FakeGateway();
                SimulatedField field = start(gateway, List.of(mac))) {
            await(() -> field.acknowledged() >= 1);
            field.changeAddress(mac);
            await(() -> gateway.registrations.size() == 2);
            assertThat(gateway.registrations.getLast().from())
                    .isEqualTo(field.address(mac))
                    .isNotEqualTo(gateway.registrations.getFirst().from());
            long before = field.acknowledged();
            await(() -> field.acknowledged() > before);
            assertThat(gateway.bubbleUps.getLast().from()).isEqualTo(field.address(mac));
        }
    }

    @Test
    void whatWasUnderWayFromTheOldAddressGoesOutAgainFromTheNew() throws Exception {
        String mac = SimulatedField.macs(1, 1).getFirst();
        try (FakeGateway gateway = new FakeGateway()) {
            // Acknowledged empty, never answered: the answer would go to the old address.
            gateway.onBubbleUp = (asked, count) -> count == 1 ? null : FakeGateway.changed();
            try (SimulatedField field = start(gateway, List.of(mac))) {
                await(() -> gateway.bubbleUps.size() == 1);
                field.changeAddress(mac);
                await(() -> field.acknowledged() >= 1);
                assertThat(gateway.bubbleUps.get(1).query("seq")).isEqualTo("1");
                assertThat(gateway.bubbleUps.get(1).from()).isEqualTo(field.address(mac));
            }
        }
    }

    @Test
    void restartedSensorIsBroughtUpAgain() throws Exception {
        String mac = SimulatedField.macs(1, 1).getFirst();
        try (FakeGateway gateway = new FakeGateway();
                SimulatedField field = start(gateway, List.of(mac))) {
            await(() -> field.acknowledged() >= 1);
            field.restartSensor(mac);
            long before = field.acknowledged();
            await(() -> field.acknowledged() > before);
            assertThat(sent).extracting(SentNotification::kind).containsOnly(BubbleUpClass.READ);
        }
    }

    @Test
    void settingsSayWhatIsWrongWithThem() {
        assertThatThrownBy(() -> SimulatedField.Settings.of(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 1),
                        List.of(),
                        Duration.ofMillis(10),
                        1))
                .hasMessageContaining("period");
    }

    private SimulatedField start(FakeGateway gateway, List<String> macs) throws Exception {
        SimulatedField.Settings settings =
                SimulatedField.Settings.of(gateway.address(), macs, Duration.ofSeconds(1), 1);
        return SimulatedField.start(settings, InstantSource.system(), sent::add);
    }

    /// A sensor loses an alarm that comes while another message waits for the line, or before it is observed, so it
    /// is raised until the NIC has one.
    private static void alarmUntilHeard(SimulatedField field, List<String> macs, int device) {
        Awaitility.await()
                .atMost(Duration.ofMinutes(1))
                .pollInterval(Duration.ofMillis(250))
                .until(() -> {
                    field.pushAlarm(macs.get(device));
                    return field.reports().get(device).alerts() >= 1;
                });
    }

    private static String key(String mac, String kind, long boot, long sequence) {
        return mac + " " + kind + " " + boot + " " + sequence;
    }

    private static void await(Callable<Boolean> condition) {
        Awaitility.await()
                .atMost(Duration.ofMinutes(2))
                .pollInterval(Duration.ofMillis(5))
                .until(condition);
    }
}
