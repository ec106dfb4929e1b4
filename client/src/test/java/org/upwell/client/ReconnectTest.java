// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.upwell.client.ClientFixture.QUICKLY;
import static org.upwell.client.ClientFixture.assertPending;
import static org.upwell.client.ClientFixture.await;
import static org.upwell.client.ClientFixture.awaitFailure;
import static org.upwell.client.ClientFixture.message;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.PubAck;
import org.upwell.codec.PubComp;
import org.upwell.codec.PubRec;
import org.upwell.codec.PubRel;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;

@Timeout(20)
class ReconnectTest {

    private ClientFixture fixture;

    @BeforeEach
    void setUp() throws IOException {
        fixture = new ClientFixture();
    }

    @AfterEach
    void tearDown() throws IOException {
        fixture.close();
    }

    private ClientOptions.Builder resuming() {
        return fixture.options()
                .cleanStart(false)
                .sessionExpiry(Duration.ofHours(1))
                .reconnect(QUICKLY);
    }

    /// [MQTT-4.4.0-1], [MQTT-4.6.0-1], [MQTT-3.3.1-1]: what was open goes again, in its order, with DUP, before
    /// anything new.
    @Test
    void aResumedSessionGetsWhatWasOpenBeforeWhatIsNew() throws IOException {
        FakeServer.Peer first = fixture.connect(resuming());
        CompletionStage<ReasonCode> one = fixture.publish("1", QoS.AT_LEAST_ONCE);
        CompletionStage<ReasonCode> two = fixture.publish("2", QoS.EXACTLY_ONCE);
        CompletionStage<ReasonCode> three = fixture.publish("3", QoS.EXACTLY_ONCE);
        for (int i = 0; i < 3; i++) {
            first.read();
        }
        first.send(new PubRec(2));
        first.expect(new PubRel(2));
        first.reset();
        FakeServer.Peer second = fixture.server.accept();
        second.expect(Connect.class);
        CompletionStage<ReasonCode> four = fixture.publish("4", QoS.AT_LEAST_ONCE);
        second.send(new ConnAck(true, ReasonCode.SUCCESS, Properties.NONE));

        second.expect(message("1", QoS.AT_LEAST_ONCE, 1, true));
        second.expect(new PubRel(2));
        second.expect(message("3", QoS.EXACTLY_ONCE, 3, true));
        second.expect(message("4", QoS.AT_LEAST_ONCE, 4, false));
        second.send(new PubAck(1), new PubComp(2), new PubRec(3), new PubAck(4));
        second.expect(new PubRel(3));
        second.send(new PubComp(3, ReasonCode.PACKET_IDENTIFIER_NOT_FOUND, Properties.NONE));
        for (CompletionStage<ReasonCode> each : List.of(one, two, three, four)) {
            assertThat(await(each)).isEqualTo(ReasonCode.SUCCESS);
        }
    }

    @Test
    void resendingKeepsToTheNewReceiveMaximum() throws IOException {
        FakeServer.Peer first = fixture.connect(resuming());
        for (int i = 1; i <= 3; i++) {
            fixture.publish("" + i, QoS.AT_LEAST_ONCE);
            first.read();
        }
        first.reset();
        Properties one =
                Properties.builder().integer(Property.RECEIVE_MAXIMUM, 1).build();

        FakeServer.Peer second = fixture.server.acceptSession(true, one);
        for (int i = 1; i <= 3; i++) {
            second.expect(message("" + i, QoS.AT_LEAST_ONCE, i, true));
            second.expectSilence();
            second.send(new PubAck(i));
        }
    }

    @Test
    void aLostSessionFailsWhatWasOpenAndWhatWaits() throws IOException {
        FakeServer.Peer first = fixture.connect(resuming().maxInFlight(2));
        CompletionStage<ReasonCode> sent = fixture.publish("1", QoS.AT_LEAST_ONCE);
        CompletionStage<ReasonCode> released = fixture.publish("2", QoS.EXACTLY_ONCE);
        CompletionStage<ReasonCode> waiting = fixture.publish("3", QoS.AT_LEAST_ONCE);
        first.read();
        first.read();
        first.send(new PubRec(2));
        first.expect(new PubRel(2));
        first.reset();

        FakeServer.Peer second = fixture.server.acceptSession(false);
        assertThat(awaitFailure(sent).kind()).isEqualTo(MqttException.Kind.SESSION_LOST);
        // PUBREC had said that the server took it over.
        assertThat(await(released)).isEqualTo(ReasonCode.SUCCESS);
        assertThat(awaitFailure(waiting).kind()).isEqualTo(MqttException.Kind.SESSION_LOST);
        assertThat(fixture.client().outstanding()).isZero();
        CompletionStage<ReasonCode> later = fixture.publish("4", QoS.AT_LEAST_ONCE);
        second.expect(message("4", QoS.AT_LEAST_ONCE, 3, false));
        second.send(new PubAck(3));
        await(later);
    }

    /// A caller's thread may have given a message that the event loop has not looked at when CONNACK comes.
    @Test
    void aLostSessionFailsWhatTheLoopHasNotSeenYet() throws Exception {
        EventLoopGroup group = Transport.ownGroup();
        try {
            CompletionStage<?> connected = fixture.client(resuming(), group).connect();
            FakeServer.Peer first = fixture.server.acceptSession(false);
            await(connected);
            first.reset();
            FakeServer.Peer second = fixture.server.accept();
            second.expect(Connect.class);
            occupy(group.next());
            CompletionStage<ReasonCode> unseen = fixture.publish("1", QoS.AT_LEAST_ONCE);
            second.send(new ConnAck(false, ReasonCode.SUCCESS, Properties.NONE));

            assertThat(awaitFailure(unseen).kind()).isEqualTo(MqttException.Kind.SESSION_LOST);
            CompletionStage<ReasonCode> later = fixture.publish("2", QoS.AT_LEAST_ONCE);
            second.expect(message("2", QoS.AT_LEAST_ONCE, 1, false));
            second.send(new PubAck(1));
            await(later);
        } finally {
            fixture.client().close();
            var _ = group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        }
    }

    /// Keeps a loop busy for so long that it looks after its sockets before the tasks that come next: it counts the
    /// time after each 64 tasks and allows them a second.
    private static void occupy(EventLoop loop) {
        CountDownLatch never = new CountDownLatch(1);
        loop.execute(() -> {
            try {
                assertThat(never.await(1_200, TimeUnit.MILLISECONDS)).isFalse();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        for (int i = 0; i < 63; i++) {
            loop.execute(() -> {});
        }
    }

    @Test
    void theListenerHearsOfAConnectionBeforeAnybodySeesIt() throws IOException {
        LinkedBlockingQueue<Boolean> seen = new LinkedBlockingQueue<>();
        fixture.connect(resuming().connectionListener(new ConnectionListener() {
            @Override
            public void onConnected(ConnAck connAck) {
                seen.add(fixture.client().isConnected());
            }
        }));

        assertThat(seen).containsExactly(false);
        assertThat(fixture.client().isConnected()).isTrue();
    }

    @Test
    void aLostSessionGetsEverythingAsNewWhereTheCallerAskedForIt() throws IOException {
        FakeServer.Peer first = fixture.connect(resuming().republish(true));
        CompletionStage<ReasonCode> one = fixture.publish("1", QoS.AT_LEAST_ONCE);
        CompletionStage<ReasonCode> two = fixture.publish("2", QoS.EXACTLY_ONCE);
        first.read();
        first.read();
        first.reset();

        FakeServer.Peer second = fixture.server.acceptSession(false);
        second.expect(message("1", QoS.AT_LEAST_ONCE, 1, false));
        second.expect(message("2", QoS.EXACTLY_ONCE, 2, false));
        second.send(new PubAck(1), new PubRec(2));
        second.expect(new PubRel(2));
        second.send(new PubComp(2));
        await(one);
        await(two);
    }

    @Test
    void aSessionThatIsToLastIsNotCleanedByComingBack() throws IOException {
        FakeServer.Peer first = fixture.connect(
                fixture.options()
                        .clientId("")
                        .cleanStart(true)
                        .sessionExpiry(Duration.ofHours(1))
                        .reconnect(QUICKLY),
                Properties.builder()
                        .string(Property.ASSIGNED_CLIENT_IDENTIFIER, "given")
                        .build());
        first.reset();

        Connect again = fixture.server.accept().expect(Connect.class);
        assertThat(again.cleanStart()).isFalse();
        assertThat(again.clientId()).isEqualTo("given");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void in311TheSessionIsCleanedAsToldEachTime(boolean cleanSession) throws IOException {
        FakeServer.Peer first = fixture.connect(fixture.options()
                .version(MqttVersion.MQTT_3_1_1)
                .cleanStart(cleanSession)
                .reconnect(QUICKLY));
        first.reset();

        assertThat(fixture.server.accept().expect(Connect.class).cleanStart()).isEqualTo(cleanSession);
    }

    @Test
    void withoutReconnectALostConnectionFailsEverything() throws IOException {
        FakeServer.Peer peer = fixture.connect(fixture.options().maxInFlight(1));
        CompletionStage<ReasonCode> sent = fixture.publish("1", QoS.AT_LEAST_ONCE);
        CompletionStage<ReasonCode> waiting = fixture.publish("2", QoS.AT_LEAST_ONCE);
        CompletionStage<?> subscribed = fixture.client().subscribe("a", QoS.AT_MOST_ONCE);
        peer.read();
        peer.close();

        assertThat(awaitFailure(sent).kind()).isEqualTo(MqttException.Kind.CONNECTION_LOST);
        assertThat(awaitFailure(waiting).kind()).isEqualTo(MqttException.Kind.CONNECTION_LOST);
        assertThat(awaitFailure(subscribed).kind()).isEqualTo(MqttException.Kind.CONNECTION_LOST);
        assertThat(fixture.client().outstanding()).isZero();
        assertThat(fixture.client().isConnected()).isFalse();
    }

    /// A message whose caller was told that it failed may still be with the server: its packet id must not be used
    /// for another before the session has been cleared up.
    @Test
    void aFailedMessageKeepsItsPacketIdWhileTheSessionMayKnowIt() throws IOException {
        FakeServer.Peer first =
                fixture.connect(fixture.options().cleanStart(false).sessionExpiry(Duration.ofHours(1)));
        CompletionStage<ReasonCode> sent = fixture.publish("1", QoS.EXACTLY_ONCE);
        first.read();
        first.close();
        awaitFailure(sent);

        CompletionStage<ConnAck> again = fixture.client().connect();
        FakeServer.Peer second = fixture.server.acceptSession(true);
        await(again);
        second.expect(message("1", QoS.EXACTLY_ONCE, 1, true));
        fixture.publish("2", QoS.EXACTLY_ONCE);
        second.expect(message("2", QoS.EXACTLY_ONCE, 2, false));
    }

    @Test
    void aSessionThatWasTakenOverIsNotTakenBack() throws IOException {
        Ends ends = new Ends();
        FakeServer.Peer peer = fixture.connect(resuming().connectionListener(ends));
        CompletionStage<ReasonCode> sent = fixture.publish("1", QoS.AT_LEAST_ONCE);
        peer.read();
        peer.send(new Disconnect(ReasonCode.SESSION_TAKEN_OVER, Properties.NONE));

        Ends.End end = ends.next();
        assertThat(end.cause.reason()).isEqualTo(ReasonCode.SESSION_TAKEN_OVER);
        assertThat(end.retryIn).isNull();
        assertThat(awaitFailure(sent).reason()).isEqualTo(ReasonCode.SESSION_TAKEN_OVER);
    }

    @Test
    void otherDisconnectsOfTheServerAreFollowedByAReturn() throws IOException {
        Ends ends = new Ends();
        FakeServer.Peer peer = fixture.connect(resuming().connectionListener(ends));
        peer.send(new Disconnect(
                ReasonCode.SERVER_SHUTTING_DOWN,
                Properties.builder().string(Property.REASON_STRING, "bye").build()));

        Ends.End end = ends.next();
        assertThat(end.cause).hasMessage("connection refused: SERVER_SHUTTING_DOWN (bye)");
        assertThat(end.retryIn).isNotNull();
        fixture.server.acceptSession(true);
    }

    @Test
    void failedReturnsAreRepeated() throws IOException {
        Ends ends = new Ends();
        FakeServer.Peer first = fixture.connect(resuming().connectionListener(ends));
        CompletionStage<ReasonCode> sent = fixture.publish("1", QoS.AT_LEAST_ONCE);
        first.read();
        first.reset();
        for (int i = 0; i < 3; i++) {
            FakeServer.Peer refusing = fixture.server.accept();
            refusing.expect(Connect.class);
            refusing.send(new ConnAck(false, ReasonCode.SERVER_BUSY, Properties.NONE));
            refusing.expectEnd();
        }
        assertPending(sent);
        FakeServer.Peer second = fixture.server.acceptSession(true);
        second.expect(message("1", QoS.AT_LEAST_ONCE, 1, true));

        assertThat(ends.next().cause.kind()).isEqualTo(MqttException.Kind.CONNECTION_LOST);
        for (int i = 0; i < 3; i++) {
            assertThat(ends.next().cause.reason()).isEqualTo(ReasonCode.SERVER_BUSY);
        }
    }

    /// Records the ends of connections.
    private static final class Ends implements ConnectionListener {

        private record End(MqttException cause, @Nullable Duration retryIn) {}

        private final LinkedBlockingQueue<End> ends = new LinkedBlockingQueue<>();

        @Override
        public void onDisconnected(MqttException cause, @Nullable Duration retryIn) {
            ends.add(new End(cause, retryIn));
            // A listener's fault must not be the client's.
            throw new IllegalStateException("a listener that fails");
        }

        private End next() {
            try {
                End end = ends.poll(FakeServer.TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
                if (end == null) {
                    throw new AssertionError("no connection ended");
                }
                return end;
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }
}
