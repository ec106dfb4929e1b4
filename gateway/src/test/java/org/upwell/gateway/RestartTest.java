// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.upwell.gateway.GatewayFixture.FOREIGN_MAC;
import static org.upwell.gateway.GatewayFixture.MAC;
import static org.upwell.gateway.GatewayFixture.OTHER_MAC;
import static org.upwell.gateway.GatewayFixture.OTHER_TENANT;
import static org.upwell.gateway.GatewayFixture.UNOWNED_MAC;
import static org.upwell.gateway.GatewayFixture.bubbleUp;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.access.Mac;
import org.upwell.codec.Properties;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.gateway.bridge.BridgeJournal;
import org.upwell.gateway.event.GatewayEvent;

/// What a gateway still knows after it was started anew in the same directory.
@Timeout(60)
class RestartTest {

    private static GatewayConfig config(QoS qos) {
        GatewayConfig config = GatewayFixture.config();
        return config.withBridge(new GatewayConfig.Bridge(qos, 1, 1, GatewayFixture.NEVER));
    }

    @Test
    void numberPublishedAtMostOnceIsNotPublishedAgain() {
        GatewayConfig config = config(QoS.AT_MOST_ONCE);
        GatewayFixture first = new GatewayFixture(config);
        Peer nic = first.nic(MAC);
        assertThat(nic.ask(bubbleUp(nic.nextMid(), MAC, 1, 1)).code()).isEqualTo(Coap.CHANGED);
        first.bridge().connected(false);
        assertThat(nic.ask(bubbleUp(nic.nextMid(), MAC, 1, 2)).code()).isEqualTo(0xa3);
        first.stop();

        try (GatewayFixture second = new GatewayFixture(config)) {
            Peer again = second.nic(MAC);
            assertThat(again.ask(bubbleUp(again.nextMid(), MAC, 1, 1)).code()).isEqualTo(Coap.CHANGED);
            assertThat(second.bridge().published()).as("a repeat").isEmpty();
            assertThat(second.count(GatewayEvent.BUBBLE_UP_REPEATED)).isEqualTo(1);
            assertThat(again.ask(bubbleUp(again.nextMid(), MAC, 1, 2)).code()).isEqualTo(Coap.CHANGED);
            assertThat(second.bridge().published())
                    .as("what was not published before")
                    .hasSize(1);
        }
    }

    /// Else its device would be told for ever that its message is under way (decision 11).
    @Test
    void messageInFlightOnALinkThatIsNoMoreIsLeftToItsDevice() throws IOException {
        GatewayConfig config = config(QoS.AT_LEAST_ONCE);
        try (BridgeJournal journal = BridgeJournal.open(config.directory().resolve("bridge"))) {
            Properties properties = Properties.builder()
                    .user("mac", MAC)
                    .user("sensor-uri", "/arduino/temp?sens")
                    .user("notification-boot", "1")
                    .user("notification-seq", "1")
                    .build();
            byte[] payload = {1};
            journal.store("gw-coap-mqtt-bridge-003")
                    .put(new Publish(
                            "TN01/read/" + MAC + "/temp", payload, QoS.AT_LEAST_ONCE, false, false, 5, properties))
                    .toCompletableFuture()
                    .join();
        }
        for (int start = 0; start < 2; start++) {
            GatewayFixture fixture = new GatewayFixture(config);
            Peer nic = fixture.nic(MAC);
            assertThat(nic.ask(bubbleUp(nic.nextMid(), MAC, 1, 1)).code())
                    .as("start %d", start)
                    .isEqualTo(Coap.CHANGED);
            assertThat(fixture.bridge().published()).hasSize(1);
            if (start == 0) {
                fixture.stop();
            } else {
                fixture.close();
            }
        }
    }

    private static String presenceOf(GatewayFixture fixture, String topic) {
        // The last word under a topic, as the broker retains it.
        return fixture.presence().published().stream()
                .map(FakeBrokerLink.Published::message)
                .filter(message -> message.topic().equals(topic))
                .map(message -> new String(message.payload(), StandardCharsets.UTF_8))
                .reduce("nothing was told", (_, last) -> last);
    }

    /// Online since then, moved to another tenant while no gateway ran, silent since then, offline before.
    @Test
    void presenceIsRightAfterARestart() {
        GatewayConfig config = GatewayFixture.config();
        GatewayFixture first = new GatewayFixture(config);
        int port = first.nic(MAC).address().getPort();
        first.nic(OTHER_MAC);
        first.nic(FOREIGN_MAC);
        await().until(() -> first.presence().published().size() == 3);
        first.stop();

        try (GatewayFixture second = new GatewayFixture(config)) {
            second.owners.put(Mac.parse(OTHER_MAC), OTHER_TENANT);
            second.gateway.ownerChanged(Mac.parse(OTHER_MAC));
            await().untilAsserted(() -> {
                assertThat(presenceOf(second, "TN01/presence/" + MAC + "/nic"))
                        .isEqualTo("{\"state\":\"online\",\"address\":\"127.0.0.1:"
                                + port
                                + "\",\"since\":\"2026-11-22T10:15:30Z\",\"cause\":\"registered\"}");
                assertThat(presenceOf(second, "TN01/presence/" + OTHER_MAC + "/nic"))
                        .as("cleared")
                        .isEmpty();
                assertThat(presenceOf(second, "TN02/presence/" + OTHER_MAC + "/nic"))
                        .contains("online");
            });
            // All but one are silent for good.
            for (int i = 0; i < 4; i++) {
                second.clock.advance(Duration.ofMinutes(10));
                second.nic(MAC);
            }
            await().untilAsserted(() -> {
                assertThat(presenceOf(second, "TN02/presence/" + FOREIGN_MAC + "/nic"))
                        .contains("offline", "missed-registrations");
                assertThat(presenceOf(second, "TN01/presence/" + MAC + "/nic")).contains("online");
            });
            second.stop();
            try (GatewayFixture third = new GatewayFixture(config)) {
                await().untilAsserted(() -> {
                    assertThat(presenceOf(third, "TN02/presence/" + FOREIGN_MAC + "/nic"))
                            .contains("offline");
                    assertThat(presenceOf(third, "TN01/presence/" + MAC + "/nic"))
                            .contains("online");
                });
            }
        }
    }

    /// The broker may have it, though nobody heard so.
    @Test
    void tenantThatWasToldJustBeforeTheEndIsClearedAfterTheDeviceWasTakenFromIt() {
        GatewayConfig config = GatewayFixture.config();
        GatewayFixture first = new GatewayFixture(config);
        first.owners.put(Mac.parse(UNOWNED_MAC), OTHER_TENANT);
        first.presence().holdAcknowledgements();
        first.nic(UNOWNED_MAC);
        first.presence().await(0);
        first.stop();
        try (GatewayFixture second = new GatewayFixture(config)) {
            await().until(() ->
                    presenceOf(second, "TN02/presence/" + UNOWNED_MAC + "/nic").isEmpty());
        }
    }

    /// No need to wait for its next registration.
    @Test
    void deviceIsReachedAtOnceAfterARestart() {
        GatewayConfig config = GatewayFixture.config();
        GatewayFixture first = new GatewayFixture(config);
        int port = GatewayFixture.lastingPort();
        GatewayFixture.register(first.nicAt(port), MAC, 1);
        first.stop();
        try (GatewayFixture second = new GatewayFixture(config)) {
            Peer nic = second.nicAt(port);
            Peer application = second.application(GatewayFixture.TOKEN);
            application.send(Coap.con(Coap.GET, application.nextMid(), "77")
                    .with(Coap.PROXY_URI, "coap://SSN" + MAC + ".demo:4849/snsr/arduino/temp?sens"));
            Coap request = nic.receive();
            assertThat(request.code()).isEqualTo(Coap.GET);
            nic.send(Coap.ack(request.mid()));
            assertThat(nic.ask(bubbleUp(nic.nextMid(), MAC, 1, 1)).code())
                    .as("known by its address")
                    .isEqualTo(Coap.CHANGED);
        }
    }
}
