// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.upwell.gateway.GatewayFixture.MAC;
import static org.upwell.gateway.GatewayFixture.OTHER_MAC;
import static org.upwell.gateway.GatewayFixture.UNOWNED_MAC;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.access.Mac;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;
import org.upwell.gateway.FakeBrokerLink.Published;
import org.upwell.gateway.bridge.Publication;
import org.upwell.gateway.event.GatewayEvent;

/// Field protocol §1 and §5: who is reachable, told by retained messages.
@Timeout(60)
class PresenceTest {

    private static final Duration LIFE = Duration.ofMinutes(15);

    private final GatewayFixture fixture = new GatewayFixture();

    @AfterEach
    void stop() {
        fixture.close();
    }

    private Publication message(int index) {
        return fixture.presence().await(index).message();
    }

    private static String text(Publication publication) {
        return new String(publication.payload(), StandardCharsets.UTF_8);
    }

    private static String state(String state, Peer nic, String since, String cause) {
        return "{\"state\":\"" + state + "\",\"address\":\"127.0.0.1:"
                + nic.address().getPort() + "\",\"since\":\"" + since + "\",\"cause\":\"" + cause + "\"}";
    }

    @Test
    void registeredDeviceIsOnline() {
        Peer nic = fixture.nic(MAC);
        Publication online = message(0);
        assertThat(online.topic()).isEqualTo("TN01/presence/" + MAC + "/nic");
        assertThat(online.retain()).isTrue();
        assertThat(online.qos()).isEqualTo(QoS.AT_LEAST_ONCE);
        assertThat(text(online)).isEqualTo(state("online", nic, "2026-11-22T10:15:30Z", "registered"));
    }

    /// The second device's message would come after one for the refreshed registration.
    @Test
    void refreshedRegistrationIsNotTold() {
        Peer nic = fixture.nic(MAC);
        message(0);
        fixture.clock.advance(LIFE.dividedBy(2));
        GatewayFixture.register(nic, MAC, 1);
        fixture.nic(OTHER_MAC);
        assertThat(message(1).topic()).isEqualTo("TN01/presence/" + OTHER_MAC + "/nic");
    }

    @Test
    void newAddressIsToldWithItsTime() {
        fixture.nic(MAC);
        message(0);
        fixture.clock.advance(Duration.ofMinutes(5));
        Peer elsewhere = GatewayFixture.register(fixture.nic(), MAC, 1);
        assertThat(text(message(1))).isEqualTo(state("online", elsewhere, "2026-11-22T10:20:30Z", "moved"));
    }

    @Test
    void restartIsTold() {
        Peer nic = fixture.nic(MAC);
        message(0);
        GatewayFixture.register(nic, MAC, 2);
        assertThat(text(message(1))).isEqualTo(state("online", nic, "2026-11-22T10:15:30Z", "restarted"));
    }

    @Test
    void deviceIsOfflineAfterTwoMissedRegistrationsAndNotBefore() {
        Peer nic = fixture.nic(MAC);
        message(0);
        fixture.clock.advance(LIFE.multipliedBy(2));
        // A registration of another device at the very limit comes first if the limit is kept.
        fixture.nic(OTHER_MAC);
        assertThat(message(1).topic()).isEqualTo("TN01/presence/" + OTHER_MAC + "/nic");
        assertThat(fixture.gateway.registeredDevices()).isEqualTo(2);

        fixture.clock.advance(Duration.ofSeconds(1));
        assertThat(message(2).topic()).isEqualTo("TN01/presence/" + MAC + "/nic");
        assertThat(text(message(2))).isEqualTo(state("offline", nic, "2026-11-22T10:45:31Z", "missed-registrations"));
        assertThat(fixture.gateway.registeredDevices()).isEqualTo(1);
        assertThat(fixture.count(GatewayEvent.DEVICE_OFFLINE)).isEqualTo(1);
    }

    @Test
    void deviceWhoseAddressIsTakenIsOffline() {
        Peer nic = fixture.nic(MAC);
        message(0);
        // Before its first message is settled, the second would wait for it and come after the other device's.
        await().until(() -> fixture.count(GatewayEvent.PRESENCE_PUBLISHED) == 1);
        GatewayFixture.register(nic, OTHER_MAC, 1);
        assertThat(text(message(1))).isEqualTo(state("offline", nic, "2026-11-22T10:15:30Z", "address-taken"));
        assertThat(message(2).topic()).isEqualTo("TN01/presence/" + OTHER_MAC + "/nic");
    }

    @Test
    void unownedDeviceIsToldWhenItGetsAnOwner() {
        Peer nic = fixture.nic(UNOWNED_MAC);
        fixture.owners.put(Mac.parse(UNOWNED_MAC), "TN09");
        fixture.gateway.ownerChanged(Mac.parse(UNOWNED_MAC));
        assertThat(message(0).topic()).isEqualTo("TN09/presence/" + UNOWNED_MAC + "/nic");
        assertThat(text(message(0))).isEqualTo(state("online", nic, "2026-11-22T10:15:30Z", "registered"));
    }

    @Test
    void formerOwnersTopicIsCleared() {
        fixture.nic(MAC);
        message(0);
        await().until(() -> fixture.count(GatewayEvent.PRESENCE_PUBLISHED) == 1);
        fixture.owners.put(Mac.parse(MAC), "TN09");
        fixture.gateway.ownerChanged(Mac.parse(MAC));
        assertThat(message(1).topic()).isEqualTo("TN01/presence/" + MAC + "/nic");
        assertThat(message(1).payload()).isEmpty();
        assertThat(message(1).retain()).isTrue();
        assertThat(message(2).topic()).isEqualTo("TN09/presence/" + MAC + "/nic");
    }

    /// Clearing the first failed, telling the second did not, and then there is a third.
    @Test
    void everyFormerOwnersTopicIsCleared() {
        Mac mac = Mac.parse(MAC);
        fixture.nic(MAC);
        message(0);
        await().until(() -> fixture.count(GatewayEvent.PRESENCE_PUBLISHED) == 1);
        fixture.presence().holdAcknowledgements();
        fixture.owners.put(mac, "TN08");
        fixture.gateway.ownerChanged(mac);
        fixture.presence().await(1).refuse(ReasonCode.QUOTA_EXCEEDED);
        Published told = fixture.presence().await(2);
        fixture.presence().acknowledgeAtOnce();
        fixture.owners.put(mac, "TN09");
        told.acknowledge();
        assertThat(List.of(message(3), message(4)))
                .allSatisfy(cleared -> assertThat(cleared.payload()).isEmpty())
                .extracting(Publication::topic)
                .containsExactlyInAnyOrder("TN01/presence/" + MAC + "/nic", "TN08/presence/" + MAC + "/nic");
        assertThat(message(5).topic()).isEqualTo("TN09/presence/" + MAC + "/nic");
    }

    @Test
    void newestStateIsToldWhenTheBrokerComesBack() {
        fixture.presence().connected(false);
        fixture.nic(MAC);
        Peer elsewhere = GatewayFixture.register(fixture.nic(), MAC, 1);
        fixture.presence().connected(true);
        assertThat(text(message(0))).isEqualTo(state("online", elsewhere, "2026-11-22T10:15:30Z", "moved"));
    }

    /// What it retained died with it.
    @Test
    void everyDeviceIsToldAgainToABrokerThatLostOurSession() {
        Peer one = fixture.nic(MAC);
        message(0);
        Peer two = fixture.nic(OTHER_MAC);
        message(1);
        await().until(() -> fixture.count(GatewayEvent.PRESENCE_PUBLISHED) == 2);
        fixture.presence().loseSession();
        assertThat(List.of(text(message(2)), text(message(3))))
                .containsExactlyInAnyOrder(
                        state("online", one, "2026-11-22T10:15:30Z", "registered"),
                        state("online", two, "2026-11-22T10:15:30Z", "registered"));
    }

    @Test
    void refusedStateIsToldAgain() {
        fixture.presence().holdAcknowledgements();
        fixture.nic(MAC);
        Published first = fixture.presence().await(0);
        fixture.presence().acknowledgeAtOnce();
        first.refuse(ReasonCode.QUOTA_EXCEEDED);
        assertThat(text(message(1))).isEqualTo(text(first.message()));
        assertThat(fixture.count(GatewayEvent.PRESENCE_DEFERRED)).isEqualTo(1);
    }

    @Test
    void changeWhileAMessageIsUnderWayIsToldAfterIt() {
        fixture.presence().holdAcknowledgements();
        fixture.nic(MAC);
        Published first = fixture.presence().await(0);
        Peer elsewhere = GatewayFixture.register(fixture.nic(), MAC, 1);
        assertThat(fixture.presence().published()).hasSize(1);
        first.acknowledge();
        assertThat(text(message(1))).isEqualTo(state("online", elsewhere, "2026-11-22T10:15:30Z", "moved"));
    }
}
