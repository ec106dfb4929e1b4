// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.access.Mac;
import org.upwell.client.Credentials;
import org.upwell.client.Reconnect;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.UserProperty;
import org.upwell.gateway.bridge.ScriptedBroker.Packet;

/// What a link promises, against a broker that the test plays packet by packet.
@Timeout(60)
class MqttBrokerLinkTest {

    private static final int PUBACK = 0x40;
    private static final int PUBREC = 0x50;
    private static final int PUBCOMP = 0x70;
    private static final String CLIENT_ID = "gw-coap-mqtt-bridge-001";
    private static final String TOPIC = "T/read/001350050047dd92/temp";

    private static final Duration QUIET = Duration.ofMillis(500);

    private final ScriptedBroker broker = new ScriptedBroker();
    private MqttBrokerLink link = open(10);

    private MqttBrokerLink open(int maxOutstanding) {
        return open(maxOutstanding, null);
    }

    private MqttBrokerLink open(int maxOutstanding, BridgeJournal.@Nullable LinkStore store) {
        return MqttBrokerLink.open(
                new MqttBrokerLink.Settings(
                        "127.0.0.1",
                        broker.port(),
                        null,
                        Credentials.of("gateway", "secret").always(),
                        maxOutstanding,
                        new Reconnect(Duration.ofMillis(20), Duration.ofMillis(50), true),
                        QUIET),
                CLIENT_ID,
                store);
    }

    private Packet connect;

    @BeforeEach
    void connect() {
        connect = broker.accept();
        broker.welcome(false);
        await().until(link::isConnected);
    }

    @AfterEach
    void stop() {
        broker.close();
        link.close();
    }

    private CompletableFuture<ReasonCode> publish(QoS qos) {
        Publication publication = new Publication(
                TOPIC,
                "72.50".getBytes(StandardCharsets.UTF_8),
                qos,
                false,
                List.of(new UserProperty("mac", "001350050047dd92")));
        return link.publish(publication).toCompletableFuture();
    }

    private static BrokerUnavailableException.Cause unavailable(CompletableFuture<ReasonCode> outcome) {
        try {
            throw new AssertionError("published: " + outcome.join());
        } catch (CompletionException fault) {
            assertThat(fault.getCause()).isInstanceOf(BrokerUnavailableException.class);
            return ((BrokerUnavailableException) fault.getCause()).why();
        }
    }

    @Test
    void firstConnectionBeginsANewSessionOfMqtt5() {
        assertThat(connect.type()).isEqualTo(ScriptedBroker.CONNECT);
        assertThat(connect.textAt(0)).isEqualTo("MQTT");
        assertThat(connect.body()[6]).as("version").isEqualTo((byte) 5);
        assertThat(connect.body()[7] & 0x02).as("clean start").isEqualTo(2);
        assertThat(new String(connect.body(), StandardCharsets.ISO_8859_1)).contains(CLIENT_ID, "gateway");
    }

    @Test
    void completesWithPubAckAndNotBefore() {
        CompletableFuture<ReasonCode> outcome = publish(QoS.AT_LEAST_ONCE);
        Packet publish = broker.receive();
        assertThat(publish.type()).isEqualTo(ScriptedBroker.PUBLISH);
        assertThat(publish.flags()).as("QoS 1, not retained").isEqualTo(2);
        assertThat(publish.textAt(0)).isEqualTo(TOPIC);
        assertThat(new String(publish.body(), StandardCharsets.UTF_8))
                .contains("001350050047dd92")
                .endsWith("72.50");
        assertThat(outcome).isNotDone();
        broker.answer(PUBACK, publish.packetIdAt(2 + TOPIC.length()), 0x10);
        assertThat(outcome.join()).isEqualTo(ReasonCode.NO_MATCHING_SUBSCRIBERS);
    }

    @Test
    void refusalIsAnOutcomeAndNoFailure() {
        CompletableFuture<ReasonCode> outcome = publish(QoS.AT_LEAST_ONCE);
        Packet publish = broker.receive();
        broker.answer(PUBACK, publish.packetIdAt(2 + TOPIC.length()), 0x87);
        assertThat(outcome.join()).isEqualTo(ReasonCode.NOT_AUTHORIZED);
    }

    @Test
    void atMostOnceCompletesWithTheWrite() {
        CompletableFuture<ReasonCode> outcome = publish(QoS.AT_MOST_ONCE);
        assertThat(outcome.join()).isEqualTo(ReasonCode.SUCCESS);
        assertThat(broker.receive().flags()).isZero();
    }

    @Test
    void exactlyOnceCompletesWithPubComp() {
        CompletableFuture<ReasonCode> outcome = publish(QoS.EXACTLY_ONCE);
        Packet publish = broker.receive();
        int packetId = publish.packetIdAt(2 + TOPIC.length());
        broker.answer(PUBREC, packetId, 0);
        assertThat(broker.receive().type()).isEqualTo(ScriptedBroker.PUBREL);
        assertThat(outcome).isNotDone();
        broker.answer(PUBCOMP, packetId, 0);
        assertThat(outcome.join()).isEqualTo(ReasonCode.SUCCESS);
    }

    @Test
    void withoutAConnectionNothingIsTaken() {
        broker.close();
        await().until(() -> !link.isConnected());
        assertThat(unavailable(publish(QoS.AT_LEAST_ONCE))).isEqualTo(BrokerUnavailableException.Cause.AWAY);
    }

    @Test
    void whatIsUnderWayIsBounded() {
        for (int i = 0; i < 10; i++) {
            assertThat(publish(QoS.AT_LEAST_ONCE)).isNotDone();
        }
        assertThat(unavailable(publish(QoS.AT_LEAST_ONCE))).isEqualTo(BrokerUnavailableException.Cause.BUSY);
    }

    @Test
    void whatWasUnderWayIsSentAgainInTheSameSession() {
        CompletableFuture<ReasonCode> outcome = publish(QoS.AT_LEAST_ONCE);
        int packetId = broker.receive().packetIdAt(2 + TOPIC.length());
        broker.drop();

        Packet again = broker.accept();
        assertThat(again.body()[7] & 0x02).as("no clean start").isZero();
        broker.welcome(true);
        Packet repeat = broker.receive();
        assertThat(repeat.flags() & 8).as("DUP").isEqualTo(8);
        assertThat(repeat.packetIdAt(2 + TOPIC.length())).isEqualTo(packetId);
        assertThat(outcome).isNotDone();
        broker.answer(PUBACK, packetId, 0);
        assertThat(outcome.join()).isEqualTo(ReasonCode.SUCCESS);
    }

    @Test
    void brokerThatIsNotThereYetIsWaitedFor() {
        link.close();
        broker.drop();
        link = open(10);
        broker.accept();
        broker.drop();
        broker.accept();
        broker.welcome(false);
        await().until(link::isConnected);
    }

    @Test
    void closeFailsWhatIsUnderWay() {
        CompletableFuture<ReasonCode> outcome = publish(QoS.AT_LEAST_ONCE);
        broker.receive();
        link.close();
        assertThat(unavailable(outcome)).isEqualTo(BrokerUnavailableException.Cause.AWAY);
    }

    /// A broker that lost our session lost its subscribers too: what comes before they are back would be discarded.
    @Test
    void brokerThatLostTheSessionGetsNothingForAWhile() {
        AtomicInteger lost = new AtomicInteger();
        link.onLostSession(lost::incrementAndGet);
        CompletableFuture<ReasonCode> outcome = publish(QoS.AT_LEAST_ONCE);
        broker.receive();
        broker.drop();
        broker.accept();
        long welcomed = System.nanoTime();
        broker.welcome(false);
        assertThat(unavailable(outcome)).isEqualTo(BrokerUnavailableException.Cause.AWAY);
        await().until(() -> !publish(QoS.AT_LEAST_ONCE).isCompletedExceptionally());
        assertThat(Duration.ofNanos(System.nanoTime() - welcomed)).isGreaterThanOrEqualTo(QUIET);
        assertThat(broker.receive().type()).isEqualTo(ScriptedBroker.PUBLISH);
        assertThat(lost).hasValue(1);
    }

    /// The file is copied while the first process still has it open: as `kill -9` would leave it.
    @Test
    void killedProcessGoesOnUnderTheSamePacketIds(@TempDir Path directory) throws Exception {
        link.close();
        broker.drop();
        NotificationId first = new NotificationId(Mac.parse("001350050047dd92"), "/arduino/temp?sens", 1, 7);
        NotificationId second = new NotificationId(Mac.parse("001350050047dd92"), "/arduino/temp?sens", 1, 8);
        Path copy = directory.resolve("copy");
        int firstId;
        int secondId;
        try (BridgeJournal journal = BridgeJournal.open(directory.resolve("bridge"))) {
            link = open(10, journal.store(CLIENT_ID));
            assertThat(broker.accept().body()[7] & 0x02).as("clean start").isEqualTo(2);
            broker.welcome(false);
            await().until(link::isConnected);
            assertThat(publish(QoS.EXACTLY_ONCE, first)).isNotDone();
            firstId = broker.receive().packetIdAt(2 + TOPIC.length());
            assertThat(publish(QoS.EXACTLY_ONCE, second)).isNotDone();
            secondId = broker.receive().packetIdAt(2 + TOPIC.length());
            broker.answer(PUBREC, secondId, 0);
            assertThat(broker.receive().type()).isEqualTo(ScriptedBroker.PUBREL);
            Files.copy(directory.resolve("bridge"), copy);
            link.close();
            broker.drop();
        }
        try (BridgeJournal journal = BridgeJournal.open(copy)) {
            link = open(10, journal.store(CLIENT_ID));
            assertThat(broker.accept().body()[7] & 0x02).as("clean start").isZero();
            broker.welcome(true);
            Packet repeat = broker.receive();
            assertThat(repeat.flags()).as("DUP, QoS 2").isEqualTo(8 | 4);
            assertThat(repeat.packetIdAt(2 + TOPIC.length())).isEqualTo(firstId);
            Packet release = broker.receive();
            assertThat(release.type()).isEqualTo(ScriptedBroker.PUBREL);
            assertThat(release.packetIdAt(0)).isEqualTo(secondId);

            CompletableFuture<ReasonCode> mine = new CompletableFuture<>();
            RepeatWindow.Claim claim = journal.window().claim(first, mine);
            assertThat(claim).isInstanceOf(RepeatWindow.Claim.UnderWay.class);
            CompletableFuture<ReasonCode> outcome =
                    ((RepeatWindow.Claim.UnderWay) claim).outcome().toCompletableFuture();
            assertThat(outcome).isNotDone();
            broker.answer(PUBREC, firstId, 0);
            broker.receive();
            broker.answer(PUBCOMP, firstId, 0);
            assertThat(outcome.join()).isEqualTo(ReasonCode.SUCCESS);
            assertThat(journal.window().claim(first, mine)).isInstanceOf(RepeatWindow.Claim.Done.class);
            broker.answer(PUBCOMP, secondId, 0);
            await().untilAsserted(() ->
                    assertThat(journal.window().claim(second, mine)).isInstanceOf(RepeatWindow.Claim.Done.class));
        }
        try (BridgeJournal journal = BridgeJournal.open(copy)) {
            assertThat(journal.store(CLIENT_ID).isEmpty()).isTrue();
            assertThat(journal.window().claim(second, new CompletableFuture<>()))
                    .isInstanceOf(RepeatWindow.Claim.Done.class);
        }
    }

    private CompletableFuture<ReasonCode> publish(QoS qos, NotificationId id) {
        return link.publish(
                        new Publication(TOPIC, "72.50".getBytes(StandardCharsets.UTF_8), qos, false, id.properties()))
                .toCompletableFuture();
    }

    /// The broker forgot what was in flight: whether it was delivered nobody knows, so the device sends it again.
    @Test
    void whatAKilledProcessLeftIsFreeIfTheSessionIsGone(@TempDir Path directory) throws Exception {
        link.close();
        broker.drop();
        NotificationId id = new NotificationId(Mac.parse("001350050047dd92"), "/arduino/temp?sens", 1, 7);
        Path copy = directory.resolve("copy");
        try (BridgeJournal journal = BridgeJournal.open(directory.resolve("bridge"))) {
            link = open(10, journal.store(CLIENT_ID));
            broker.accept();
            broker.welcome(false);
            await().until(link::isConnected);
            assertThat(publish(QoS.AT_LEAST_ONCE, id)).isNotDone();
            broker.receive();
            Files.copy(directory.resolve("bridge"), copy);
            link.close();
            broker.drop();
        }
        try (BridgeJournal journal = BridgeJournal.open(copy)) {
            link = open(10, journal.store(CLIENT_ID));
            broker.accept();
            RepeatWindow.Claim claim = journal.window().claim(id, new CompletableFuture<>());
            assertThat(claim).isInstanceOf(RepeatWindow.Claim.UnderWay.class);
            broker.welcome(false);
            assertThat(unavailable(
                            ((RepeatWindow.Claim.UnderWay) claim).outcome().toCompletableFuture()))
                    .isEqualTo(BrokerUnavailableException.Cause.AWAY);
            await().until(() ->
                    journal.window().claim(id, new CompletableFuture<>()) instanceof RepeatWindow.Claim.Fresh);
        }
    }
}
