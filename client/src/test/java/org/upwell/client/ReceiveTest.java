// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.upwell.client.ClientFixture.QUICKLY;
import static org.upwell.client.ClientFixture.message;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.PubAck;
import org.upwell.codec.PubComp;
import org.upwell.codec.PubRec;
import org.upwell.codec.PubRel;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;

@Timeout(20)
class ReceiveTest {

    private ClientFixture fixture;
    private final Inbox inbox = new Inbox();

    @BeforeEach
    void setUp() throws IOException {
        fixture = new ClientFixture();
    }

    @AfterEach
    void tearDown() throws IOException {
        fixture.close();
    }

    /// A listener whose messages are dealt with when the test says so.
    private static final class Inbox {

        private record Held(Publish message, CompletableFuture<Void> done) {}

        private final LinkedBlockingQueue<Held> held = new LinkedBlockingQueue<>();

        private CompletableFuture<Void> hear(Publish message) {
            CompletableFuture<Void> done = new CompletableFuture<>();
            held.add(new Held(message, done));
            return done;
        }

        private Held next(String payload) {
            try {
                Held next = held.poll(FakeServer.TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
                if (next == null) {
                    throw new AssertionError("no message " + payload);
                }
                assertThat(ClientFixture.text(next.message)).isEqualTo(payload);
                return next;
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        private static void done(Held message) {
            CompletableFuture.runAsync(() -> message.done.complete(null)).join();
        }
    }

    @Test
    void messagesAreHandedOnAndAcknowledged() throws IOException {
        LinkedBlockingQueue<Publish> heard = new LinkedBlockingQueue<>();
        FakeServer.Peer peer = fixture.connect(fixture.options().messageListener(MessageListener.of(heard::add)));
        Properties properties = Properties.builder().user("k", "v").build();
        Publish full = new Publish("a/b", new byte[] {1}, QoS.AT_LEAST_ONCE, false, true, 7, properties);
        peer.send(message("0", QoS.AT_MOST_ONCE, 0, false), full, message("2", QoS.EXACTLY_ONCE, 8, false));

        peer.expect(new PubAck(7));
        peer.expect(new PubRec(8));
        peer.send(new PubRel(8));
        peer.expect(new PubComp(8));
        assertThat(heard)
                .containsExactly(
                        message("0", QoS.AT_MOST_ONCE, 0, false), full, message("2", QoS.EXACTLY_ONCE, 8, false));
    }

    /// [MQTT-4.6.0-2], [MQTT-4.6.0-3]
    @Test
    void acknowledgementsWaitForTheListenerAndKeepTheOrderOfArrival() throws IOException {
        FakeServer.Peer peer = fixture.connect(fixture.options().messageListener(inbox::hear));
        peer.send(
                message("1", QoS.AT_LEAST_ONCE, 1, false),
                message("2", QoS.EXACTLY_ONCE, 2, false),
                message("3", QoS.AT_LEAST_ONCE, 3, false));
        Inbox.Held first = inbox.next("1");
        Inbox.Held second = inbox.next("2");
        Inbox.Held third = inbox.next("3");
        Inbox.done(third);
        Inbox.done(second);
        peer.expectSilence();
        Inbox.done(first);

        peer.expect(new PubAck(1));
        peer.expect(new PubRec(2));
        peer.expect(new PubAck(3));
    }

    @Test
    void anAcknowledgementThatComesDueAfterItsConnectionGoesNowhere() throws IOException {
        FakeServer.Peer first = fixture.connect(fixture.options()
                .cleanStart(false)
                .sessionExpiry(Duration.ofHours(1))
                .reconnect(QUICKLY)
                .messageListener(inbox::hear));
        first.send(message("1", QoS.AT_LEAST_ONCE, 1, false));
        Inbox.Held held = inbox.next("1");
        first.reset();
        FakeServer.Peer second = fixture.server.acceptSession(true);
        second.send(message("0", QoS.AT_MOST_ONCE, 0, false));
        inbox.next("0");
        Inbox.done(held);
        second.expectSilence();

        second.send(message("1", QoS.AT_LEAST_ONCE, 1, true));
        Inbox.done(inbox.next("1"));
        second.expect(new PubAck(1));
    }

    /// [MQTT-4.3.3-10], [MQTT3-4.3.3-2]: until PUBREL a repeat is the same message, on any connection of the session.
    @Test
    void aRepeatAtQos2IsNotHandedOnTwice() throws IOException {
        FakeServer.Peer first = fixture.connect(fixture.options()
                .cleanStart(false)
                .sessionExpiry(Duration.ofHours(1))
                .reconnect(QUICKLY)
                .messageListener(inbox::hear));
        first.send(message("1", QoS.EXACTLY_ONCE, 1, false), message("2", QoS.EXACTLY_ONCE, 2, false));
        Inbox.done(inbox.next("1"));
        Inbox.Held two = inbox.next("2");
        first.expect(new PubRec(1));
        first.reset();

        FakeServer.Peer second = fixture.server.acceptSession(true);
        second.send(message("1", QoS.EXACTLY_ONCE, 1, true), message("2", QoS.EXACTLY_ONCE, 2, true));
        second.expect(new PubRec(1));
        second.expectSilence();
        Inbox.done(two);
        second.expect(new PubRec(2));
        second.send(new PubRel(1), new PubRel(2), new PubRel(3));
        second.expect(new PubComp(1));
        second.expect(new PubComp(2));
        second.expect(new PubComp(3, ReasonCode.PACKET_IDENTIFIER_NOT_FOUND, Properties.NONE));
        assertThat(inbox.held).isEmpty();

        // The id is free again: the next message under it is another one.
        second.send(message("3", QoS.EXACTLY_ONCE, 1, false));
        inbox.next("3");
    }

    @Test
    void aNewSessionForgetsTheIdsOfTheOld() throws IOException {
        FakeServer.Peer first = fixture.connect(fixture.options()
                .cleanStart(false)
                .sessionExpiry(Duration.ofHours(1))
                .reconnect(QUICKLY)
                .messageListener(inbox::hear));
        first.send(message("1", QoS.EXACTLY_ONCE, 1, false));
        Inbox.done(inbox.next("1"));
        first.expect(new PubRec(1));
        first.reset();

        FakeServer.Peer second = fixture.server.acceptSession(false);
        second.send(message("2", QoS.EXACTLY_ONCE, 1, false));
        inbox.next("2");
    }

    @Test
    void aRefusedMessageIsRefusedWithItsReasonInMqtt5() throws IOException {
        FakeServer.Peer peer = fixture.connect(fixture.options().messageListener(inbox::hear));
        peer.send(
                message("1", QoS.AT_LEAST_ONCE, 1, false),
                message("2", QoS.EXACTLY_ONCE, 2, false),
                message("3", QoS.AT_LEAST_ONCE, 3, false));
        inbox.next("1")
                .done
                .completeExceptionally(
                        new MqttException(MqttException.Kind.LIMIT, ReasonCode.PAYLOAD_FORMAT_INVALID, "not CBOR"));
        inbox.next("2").done.completeExceptionally(new IllegalStateException("full"));
        inbox.next("3").done.cancel(false);

        peer.expect(new PubAck(1, ReasonCode.PAYLOAD_FORMAT_INVALID, Properties.NONE));
        peer.expect(new PubRec(2, ReasonCode.UNSPECIFIED_ERROR, Properties.NONE));
        peer.expect(new PubAck(3, ReasonCode.UNSPECIFIED_ERROR, Properties.NONE));
        // The refused handshake is over: the same id is a new message.
        peer.send(message("4", QoS.EXACTLY_ONCE, 2, false));
        inbox.next("4");
    }

    @Test
    void aRefusedMessageStaysUnacknowledgedIn311() throws IOException {
        FakeServer.Peer first = fixture.connect(fixture.options()
                .version(MqttVersion.MQTT_3_1_1)
                .cleanStart(false)
                .reconnect(QUICKLY)
                .messageListener(message -> {
                    if (!message.dup()) {
                        throw new IllegalStateException("refused the first time");
                    }
                    return MessageListener.DONE;
                }));
        first.send(message("1", QoS.EXACTLY_ONCE, 1, false));
        first.expectEnd();

        FakeServer.Peer second = fixture.server.acceptSession(true);
        second.send(message("1", QoS.EXACTLY_ONCE, 1, true));
        second.expect(new PubRec(1));
    }

    @Test
    void aListenerThatFailsAtQos0HarmsNothing() throws IOException {
        FakeServer.Peer peer = fixture.connect(fixture.options().messageListener(message -> {
            if (message.qos() == QoS.AT_MOST_ONCE) {
                return CompletableFuture.failedFuture(new IllegalStateException("no"));
            }
            return MessageListener.DONE;
        }));
        peer.send(message("0", QoS.AT_MOST_ONCE, 0, false), message("1", QoS.AT_LEAST_ONCE, 1, false));

        peer.expect(new PubAck(1));
    }

    /// [MQTT-3.3.4-9]
    @Test
    void aServerThatExceedsTheReceiveMaximumIsLeft() throws IOException {
        FakeServer.Peer peer =
                fixture.connect(fixture.options().receiveMaximum(2).messageListener(inbox::hear));
        peer.send(message("1", QoS.AT_LEAST_ONCE, 1, false), message("2", QoS.EXACTLY_ONCE, 2, false));
        Inbox.done(inbox.next("1"));
        Inbox.done(inbox.next("2"));
        peer.expect(new PubAck(1));
        peer.expect(new PubRec(2));
        // PUBREC gives no place back, PUBCOMP does.
        peer.send(message("3", QoS.AT_LEAST_ONCE, 3, false), new PubRel(2), message("4", QoS.AT_LEAST_ONCE, 4, false));
        peer.expect(new PubComp(2));
        peer.send(message("5", QoS.AT_LEAST_ONCE, 5, false));

        peer.expect(new Disconnect(ReasonCode.RECEIVE_MAXIMUM_EXCEEDED, Properties.NONE));
        peer.expectEnd();
    }

    @Test
    void aPacketThatIsTooLargeOrMalformedEndsTheConnectionWithItsReason() throws IOException {
        FakeServer.Peer peer =
                fixture.connect(fixture.options().maxPacketBytes(100).reconnect(QUICKLY));
        peer.send(message("x".repeat(100), QoS.AT_MOST_ONCE, 0, false));
        peer.expect(new Disconnect(ReasonCode.PACKET_TOO_LARGE, Properties.NONE));

        FakeServer.Peer second = fixture.server.acceptSession(false);
        second.send(new Publish("+", new byte[0], QoS.AT_MOST_ONCE, false, false, 0, Properties.NONE));
        second.expect(new Disconnect(ReasonCode.TOPIC_NAME_INVALID, Properties.NONE));

        FakeServer.Peer third = fixture.server.acceptSession(false);
        Properties alias = Properties.builder().integer(Property.TOPIC_ALIAS, 1).build();
        third.send(new Publish("a", new byte[0], QoS.AT_MOST_ONCE, false, false, 0, alias));
        third.expect(new Disconnect(ReasonCode.TOPIC_ALIAS_INVALID, Properties.NONE));
    }
}
