// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.upwell.gateway.GatewayFixture.MAC;
import static org.upwell.gateway.GatewayFixture.UNOWNED_MAC;
import static org.upwell.gateway.GatewayFixture.bubbleUp;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.access.Mac;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.UserProperty;
import org.upwell.gateway.bridge.Quarantine;
import org.upwell.gateway.bridge.QuarantineBrake;
import org.upwell.gateway.event.GatewayEvent;

/// Messages of devices that belong to nobody (field protocol §5): kept, released in order to whoever is said to own
/// the device, or expired.
@Timeout(60)
class QuarantineTest {

    private static final Mac UNOWNED = Mac.parse(UNOWNED_MAC);

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static Coap send(Peer nic, int sequence) {
        nic.send(bubbleUp(nic.nextMid(), UNOWNED_MAC, 1, sequence));
        // The disk may be slow enough for an acknowledgement before the answer.
        return nic.receiveMessage();
    }

    private static List<String> numbers(GatewayFixture fixture) {
        return fixture.bridge().published().stream()
                .flatMap(published -> published.message().userProperties().stream())
                .filter(property -> property.name().equals("notification-seq"))
                .map(UserProperty::value)
                .toList();
    }

    @Test
    void messagesAreReleasedInOrderToTheTenantThatIsGivenTheDevice() {
        try (GatewayFixture fixture = new GatewayFixture()) {
            Peer nic = fixture.nic(UNOWNED_MAC);
            for (int sequence = 1; sequence <= 20; sequence++) {
                assertThat(send(nic, sequence).code()).isEqualTo(Coap.CHANGED);
            }
            assertThat(send(nic, 7).code()).as("a repeat").isEqualTo(Coap.CHANGED);
            assertThat(fixture.bridge().published()).isEmpty();
            assertThat(fixture.gateway.quarantine().devices()).singleElement().satisfies(device -> {
                assertThat(device.mac()).isEqualTo(UNOWNED);
                assertThat(device.messages()).isEqualTo(20);
            });
            assertThat(fixture.gateway.quarantine().messagesOf(UNOWNED))
                    .extracting(Quarantine.View::sequence)
                    .startsWith(1L, 2L)
                    .hasSize(20);
            fixture.clock.advance(Duration.ofMinutes(5));

            fixture.owners.put(UNOWNED, "TN02");
            fixture.gateway.ownerChanged(UNOWNED);

            // The last step of each.
            await().until(() -> fixture.count(GatewayEvent.QUARANTINE_RELEASED) == 20);
            assertThat(fixture.gateway.quarantine().size()).isZero();
            assertThat(numbers(fixture))
                    .hasSize(20)
                    .isSortedAccordingTo((a, b) -> Integer.parseInt(a) - Integer.parseInt(b));
            assertThat(fixture.bridge().published())
                    .allSatisfy(published ->
                            assertThat(published.message().topic()).isEqualTo("TN02/read/" + UNOWNED_MAC + "/temp"));
            assertThat(fixture.bridge().published().getFirst().message().userProperties())
                    .as("when the gateway had it")
                    .contains(new UserProperty("received-at", "2026-11-22T10:15:30Z"));
            assertThat(fixture.count(GatewayEvent.QUARANTINE_HELD)).isEqualTo(20);
            assertThat(send(nic, 7).code()).as("a repeat of a released one").isEqualTo(Coap.CHANGED);
            assertThat(send(nic, 21).code()).isEqualTo(Coap.CHANGED);
            assertThat(numbers(fixture)).hasSize(21).endsWith("21");
        }
    }

    /// What comes while older messages wait for the broker must not pass them.
    @Test
    void nothingPassesTheMessagesThatWait() {
        try (GatewayFixture fixture = new GatewayFixture()) {
            Peer nic = fixture.nic(UNOWNED_MAC);
            send(nic, 1);
            send(nic, 2);
            fixture.bridge().holdAcknowledgements();
            fixture.owners.put(UNOWNED, "TN02");
            fixture.gateway.ownerChanged(UNOWNED);
            fixture.bridge().await(0);
            assertThat(send(nic, 3).codeText()).isEqualTo("5.03");
            fixture.bridge().await(0).refuse(ReasonCode.QUOTA_EXCEEDED);
            // The next sweep tries again.
            fixture.bridge().await(1).acknowledge();
            fixture.bridge().await(2).acknowledge();
            await().until(() -> fixture.gateway.quarantine().size() == 0);
            fixture.bridge().acknowledgeAtOnce();
            assertThat(send(nic, 3).code()).isEqualTo(Coap.CHANGED);
            assertThat(numbers(fixture)).containsExactly("1", "1", "2", "3");
        }
    }

    @Test
    void messagesOutliveARestart() {
        GatewayConfig config = GatewayFixture.config();
        GatewayFixture first = new GatewayFixture(config);
        Peer nic = first.nic(UNOWNED_MAC);
        send(nic, 1);
        send(nic, 2);
        first.stop();
        try (GatewayFixture second = new GatewayFixture(config)) {
            assertThat(second.gateway.quarantine().size()).isEqualTo(2);
            assertThat(send(second.nic(UNOWNED_MAC), 2).code()).as("a repeat").isEqualTo(Coap.CHANGED);
            assertThat(second.gateway.quarantine().size()).isEqualTo(2);
            // Provisioned while no gateway ran, or without anybody telling: the sweep finds out.
            second.owners.put(UNOWNED, "TN02");
            second.bridge().await(1);
            await().until(() -> second.gateway.quarantine().size() == 0);
            assertThat(numbers(second)).containsExactly("1", "2");
        }
    }

    @Test
    void oneDeviceCannotTakeAllTheRoomAndOldMessagesExpire() {
        try (GatewayFixture fixture = new GatewayFixture()) {
            Peer nic = fixture.nic(UNOWNED_MAC);
            for (int sequence = 1; sequence <= 100; sequence++) {
                assertThat(send(nic, sequence).code()).isEqualTo(Coap.CHANGED);
            }
            Coap refused = send(nic, 101);
            assertThat(refused.codeText()).isEqualTo("5.03");
            assertThat(refused.uintOption(Coap.MAX_AGE)).isBetween(300, 600);
            assertThat(fixture.count(GatewayEvent.QUARANTINE_FULL)).isEqualTo(1);
            fixture.clock.advance(Duration.ofDays(8));
            await().until(() -> fixture.count(GatewayEvent.QUARANTINE_EXPIRED) == 100);
            assertThat(fixture.gateway.quarantine().size()).isZero();
        }
    }

    @Test
    void messagesAreDiscardedOnOrder() {
        try (GatewayFixture fixture = new GatewayFixture()) {
            send(fixture.nic(UNOWNED_MAC), 1);
            assertThat(fixture.gateway.quarantine().discard(Mac.parse(MAC)))
                    .succeedsWithin(PATIENCE)
                    .isEqualTo(0);
            CompletableFuture<Integer> discarded;
            try (QuarantineBrake _ = new QuarantineBrake(fixture.gateway.quarantine(), Mac.parse("00135005deadbeef"))) {
                discarded = fixture.gateway.quarantine().discard(UNOWNED).toCompletableFuture();
                assertThat(discarded).as("not written yet").isNotDone();
            }
            assertThat(discarded).succeedsWithin(PATIENCE).isEqualTo(1);
            assertThat(fixture.gateway.quarantine().messagesOf(UNOWNED)).isEmpty();
        }
    }

    /// Sends a message that has no owner, who comes, or one after the other, while the disk is busy with it.
    ///
    /// @return how many other messages are held, to keep the disk busy
    private static int holdWhileOwnersCome(GatewayFixture fixture, Peer nic, String... tenants) {
        try (QuarantineBrake brake = new QuarantineBrake(fixture.gateway.quarantine(), Mac.parse("00135005deadbeef"))) {
            int others = brake.messages();
            nic.send(bubbleUp(nic.nextMid(), UNOWNED_MAC, 1, 1));
            await().until(() -> fixture.gateway.quarantine().size() == others + 1);
            for (String tenant : tenants) {
                fixture.owners.put(UNOWNED, tenant);
                fixture.gateway.ownerChanged(UNOWNED);
            }
            return others;
        }
    }

    /// The owner comes while the disk is still busy with the message: that it is held then does not mean that it
    /// was published.
    @Test
    void messageThatGetsAnOwnerWhileItIsWrittenIsPublished() {
        try (GatewayFixture fixture = new GatewayFixture()) {
            Peer nic = fixture.nic(UNOWNED_MAC);
            int others = holdWhileOwnersCome(fixture, nic, "TN02");
            assertThat(nic.receiveMessage().code()).isEqualTo(Coap.CHANGED);
            await().until(() -> fixture.gateway.quarantine().size() == others);
            assertThat(numbers(fixture)).containsExactly("1");
        }
    }

    /// The release waits for the disk; whoever owned the device when it began to wait is not asked any more.
    @Test
    void messageThatWaitedForTheDiskIsItsOwnersByThen() {
        try (GatewayFixture fixture = new GatewayFixture()) {
            Peer nic = fixture.nic(UNOWNED_MAC);
            int others = holdWhileOwnersCome(fixture, nic, "TN02", "TN01");
            await().until(() -> fixture.gateway.quarantine().size() == others);
            assertThat(fixture.bridge().published())
                    .extracting(published -> published.message().topic().substring(0, 5))
                    .containsExactly("TN01/");
        }
    }

    /// From the instant of the move on, messages are the new owner's only.
    @Test
    void movedDeviceSpeaksToItsNewOwnerOnly() {
        try (GatewayFixture fixture = new GatewayFixture()) {
            Peer nic = fixture.nic(MAC);
            nic.ask(bubbleUp(nic.nextMid(), MAC, 1, 1));
            fixture.owners.put(Mac.parse(MAC), "TN02");
            nic.ask(bubbleUp(nic.nextMid(), MAC, 1, 2));
            assertThat(fixture.bridge().published())
                    .extracting(published -> published.message().topic().substring(0, 5))
                    .containsExactly("TN01/", "TN02/");
        }
    }

    /// Bytes count as messages do, and leave room again when they go.
    @Test
    void limitsAreAsConfigured() {
        int payload = 18;
        GatewayConfig config = GatewayFixture.config();
        GatewayConfig small = config.withBridge(
                config.bridge().withQuarantine(new Quarantine.Limits(10, 10, 2L * payload, Duration.ofMinutes(1))));
        try (GatewayFixture fixture = new GatewayFixture(small)) {
            Peer nic = fixture.nic(UNOWNED_MAC);
            assertThat(send(nic, 1).code()).isEqualTo(Coap.CHANGED);
            assertThat(send(nic, 2).code()).isEqualTo(Coap.CHANGED);
            assertThat(send(nic, 3).codeText()).as("no bytes left").isEqualTo("5.03");
            assertThat(fixture.count(GatewayEvent.QUARANTINE_FULL)).isEqualTo(1);

            assertThat(fixture.gateway.quarantine().discard(UNOWNED))
                    .succeedsWithin(PATIENCE)
                    .isEqualTo(2);
            assertThat(send(nic, 3).code()).isEqualTo(Coap.CHANGED);
            fixture.clock.advance(Duration.ofSeconds(61));
            await().until(() -> fixture.count(GatewayEvent.QUARANTINE_EXPIRED) == 1);
            assertThat(fixture.gateway.quarantine().size()).isZero();
        }
    }
}
