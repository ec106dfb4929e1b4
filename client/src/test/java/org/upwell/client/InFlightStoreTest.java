// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.upwell.client.ClientFixture.QUICKLY;
import static org.upwell.client.ClientFixture.await;
import static org.upwell.client.ClientFixture.awaitFailure;
import static org.upwell.client.ClientFixture.message;

import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.Disconnect;
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
class InFlightStoreTest {

    private ClientFixture fixture;
    private final FakeStore store = new FakeStore();

    @BeforeEach
    void setUp() throws IOException {
        fixture = new ClientFixture();
    }

    @AfterEach
    void tearDown() throws IOException {
        fixture.close();
    }

    private ClientOptions.Builder options() {
        return fixture.options()
                .cleanStart(false)
                .sessionExpiry(Duration.ofHours(1))
                .inFlightStore(store);
    }

    /// Keeps what it is told as a file would, and confirms when the test says so.
    private static final class FakeStore implements InFlightStore {

        private final Map<Integer, InFlight> kept = new LinkedHashMap<>();
        private final List<String> ended = new CopyOnWriteArrayList<>();
        private final LinkedBlockingQueue<CompletableFuture<Void>> open = new LinkedBlockingQueue<>();

        @Override
        public synchronized CompletionStage<List<InFlight>> load() {
            return CompletableFuture.supplyAsync(() -> {
                synchronized (this) {
                    return List.copyOf(kept.values());
                }
            });
        }

        @Override
        public synchronized CompletionStage<?> put(Publish publish) {
            kept.put(publish.packetId(), new InFlight(publish, false));
            return open();
        }

        @Override
        public synchronized CompletionStage<?> release(int packetId) {
            InFlight message = kept.get(packetId);
            assertThat(message).isNotNull();
            kept.put(packetId, new InFlight(message.publish(), true));
            return open();
        }

        @Override
        public synchronized void remove(int packetId, boolean delivered) {
            kept.remove(packetId);
            ended.add(packetId + (delivered ? " delivered" : " not delivered"));
        }

        private CompletableFuture<Void> open() {
            CompletableFuture<Void> stage = new CompletableFuture<>();
            open.add(stage);
            return stage;
        }

        private CompletableFuture<Void> next() {
            try {
                CompletableFuture<Void> next = open.poll(FakeServer.TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
                if (next == null) {
                    throw new AssertionError("nothing was to be stored");
                }
                return next;
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        private void confirm() {
            next().complete(null);
        }

        private synchronized List<InFlight> kept() {
            return new ArrayList<>(kept.values());
        }
    }

    /// It was never sent, but the session that it was given for is gone: its caller decides.
    @Test
    void whatWasStoredWithoutAConnectionFailsWithTheSession() throws Exception {
        EventLoopGroup group = Transport.ownGroup();
        try {
            CompletionStage<?> connected =
                    fixture.client(options().reconnect(QUICKLY), group).connect();
            FakeServer.Peer first = fixture.server.acceptSession(false);
            await(connected);
            CompletionStage<ReasonCode> unsent = fixture.publish("x", QoS.AT_LEAST_ONCE);
            CompletableFuture<Void> stored = store.next();
            first.reset();
            FakeServer.Peer second = fixture.server.accept();
            second.expect(Connect.class);
            stored.complete(null);
            // The loop has heard of it then.
            group.next().submit(() -> {}).get();
            second.send(new ConnAck(false, ReasonCode.SUCCESS, Properties.NONE));

            assertThat(awaitFailure(unsent).kind()).isEqualTo(MqttException.Kind.SESSION_LOST);
            second.expectSilence();
            assertThat(store.kept()).isEmpty();
        } finally {
            fixture.client().close();
            var _ = group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        }
    }

    @Test
    void nothingLeavesBeforeItIsStored() throws IOException {
        FakeServer.Peer peer = fixture.connect(options());
        CompletionStage<ReasonCode> sent = fixture.publish("x", QoS.EXACTLY_ONCE);
        peer.expectSilence();
        assertThat(store.kept())
                .containsExactly(new InFlightStore.InFlight(message("x", QoS.EXACTLY_ONCE, 1, false), false));
        store.confirm();
        peer.expect(message("x", QoS.EXACTLY_ONCE, 1, false));
        peer.send(new PubRec(1));
        peer.expectSilence();
        assertThat(store.kept())
                .containsExactly(new InFlightStore.InFlight(message("x", QoS.EXACTLY_ONCE, 1, false), true));
        store.confirm();
        peer.expect(new PubRel(1));
        peer.send(new PubComp(1));

        await(sent);
        assertThat(store.kept()).isEmpty();
        assertThat(store.ended).containsExactly("1 delivered");
    }

    @Test
    void theStoreHearsWhetherTheServerTookAMessage() throws IOException {
        FakeServer.Peer peer = fixture.connect(options());
        CompletionStage<ReasonCode> refused = fixture.publish("x", QoS.AT_LEAST_ONCE);
        store.confirm();
        peer.expect(Publish.class);
        peer.send(new PubAck(1, ReasonCode.NOT_AUTHORIZED, Properties.NONE));
        awaitFailure(refused);
        CompletionStage<ReasonCode> forgotten = fixture.publish("x", QoS.EXACTLY_ONCE);
        store.confirm();
        peer.expect(Publish.class);
        peer.send(new PubRec(2));
        store.confirm();
        peer.expect(new PubRel(2));
        peer.send(new PubComp(2, ReasonCode.PACKET_IDENTIFIER_NOT_FOUND, Properties.NONE));
        await(forgotten);

        assertThat(store.ended).containsExactly("1 not delivered", "2 delivered");
    }

    @Test
    void manyAreStoredAtOnceAndLeaveInOrderWhicheverIsStoredFirst() throws IOException {
        FakeServer.Peer peer = fixture.connect(options());
        fixture.publish("1", QoS.AT_LEAST_ONCE);
        fixture.publish("2", QoS.AT_LEAST_ONCE);
        fixture.publish("3", QoS.AT_MOST_ONCE);
        CompletableFuture<Void> first = store.next();
        CompletableFuture<Void> second = store.next();
        second.complete(null);
        peer.expectSilence();
        first.complete(null);

        peer.expect(message("1", QoS.AT_LEAST_ONCE, 1, false));
        peer.expect(message("2", QoS.AT_LEAST_ONCE, 2, false));
        peer.expect(message("3", QoS.AT_MOST_ONCE, 0, false));
    }

    @Test
    void aMessageThatCannotBeStoredFailsAndTheNextGoesOn() throws IOException {
        FakeServer.Peer peer = fixture.connect(options().maxInFlight(1));
        CompletionStage<ReasonCode> failed = fixture.publish("1", QoS.AT_LEAST_ONCE);
        fixture.publish("2", QoS.AT_LEAST_ONCE);
        store.next().completeExceptionally(new IOException("disk full"));

        MqttException fault = awaitFailure(failed);
        assertThat(fault.kind()).isEqualTo(MqttException.Kind.STORE);
        assertThat(fault).hasMessageContaining("disk full");
        store.confirm();
        peer.expect(message("2", QoS.AT_LEAST_ONCE, 2, false));
    }

    @Test
    void aReleaseThatCannotBeStoredIsNotSent() throws IOException {
        FakeServer.Peer first = fixture.connect(options().reconnect(QUICKLY));
        CompletionStage<ReasonCode> sent = fixture.publish("1", QoS.EXACTLY_ONCE);
        store.confirm();
        first.expect(Publish.class);
        first.send(new PubRec(1));
        store.next().completeExceptionally(new IOException("disk full"));
        first.expect(new Disconnect(ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR, Properties.NONE));

        FakeServer.Peer second = fixture.server.acceptSession(true);
        second.expect(message("1", QoS.EXACTLY_ONCE, 1, true));
        second.send(new PubRec(1));
        store.confirm();
        second.expect(new PubRel(1));
        second.send(new PubComp(1));
        await(sent);
    }

    @Test
    void whatAnEarlierProcessLeftIsTakenUpUnderTheSameIds() throws IOException {
        store.kept.put(7, new InFlightStore.InFlight(message("old", QoS.AT_LEAST_ONCE, 7, false), false));
        store.kept.put(3, new InFlightStore.InFlight(message("released", QoS.EXACTLY_ONCE, 3, false), true));
        CompletionStage<ConnAck> connected = fixture.client(options()).connect();
        FakeServer.Peer peer = fixture.server.acceptSession(true);
        await(connected);
        peer.expect(message("old", QoS.AT_LEAST_ONCE, 7, true));
        peer.expect(new PubRel(3));
        CompletionStage<ReasonCode> sent = fixture.publish("new", QoS.AT_LEAST_ONCE);
        store.confirm();
        peer.expect(message("new", QoS.AT_LEAST_ONCE, 1, false));
        peer.send(new PubAck(7), new PubComp(3), new PubAck(1));

        await(sent);
        assertThat(store.kept()).isEmpty();
    }

    @Test
    void aLostSessionEndsWhatAnEarlierProcessLeftUnlessItIsToBeSentAgain() throws IOException {
        store.kept.put(7, new InFlightStore.InFlight(message("old", QoS.AT_LEAST_ONCE, 7, false), false));
        CompletionStage<ConnAck> connected =
                fixture.client(options().republish(true).reconnect(QUICKLY)).connect();
        FakeServer.Peer peer = fixture.server.acceptSession(false);
        await(connected);
        peer.expect(message("old", QoS.AT_LEAST_ONCE, 7, false));
        assertThat(store.kept()).hasSize(1);

        try (MqttClient other = new MqttClient(options().build())) {
            CompletionStage<ConnAck> again = other.connect();
            FakeServer.Peer without = fixture.server.acceptSession(false);
            await(again);
            assertThat(store.kept()).isEmpty();
            without.expectSilence();
        }
    }

    @Test
    void aStoreThatContradictsItselfIsNotTakenUp() {
        store.kept.put(7, new InFlightStore.InFlight(message("a", QoS.AT_LEAST_ONCE, 7, false), false));
        store.kept.put(8, new InFlightStore.InFlight(message("b", QoS.AT_LEAST_ONCE, 7, false), false));
        MqttClient client = fixture.client(options());

        assertThat(awaitFailure(client.connect()).kind()).isEqualTo(MqttException.Kind.STORE);
        assertThat(awaitFailure(client.connect()).kind()).isEqualTo(MqttException.Kind.STORE);
    }

    @Test
    void whatIsStillBeingStoredWhenTheConnectionBreaksLeavesOnTheNextAsNew() throws IOException {
        FakeServer.Peer first = fixture.connect(options().reconnect(QUICKLY));
        fixture.publish("1", QoS.AT_LEAST_ONCE);
        store.confirm();
        first.expect(message("1", QoS.AT_LEAST_ONCE, 1, false));
        fixture.publish("2", QoS.AT_LEAST_ONCE);
        fixture.publish("3", QoS.AT_LEAST_ONCE);
        CompletableFuture<Void> two = store.next();
        CompletableFuture<Void> three = store.next();
        first.reset();
        FakeServer.Peer second = fixture.server.accept();
        second.expect(Connect.class);
        two.complete(null);
        // The new connection allows one at a time, fewer than are under way.
        Properties one =
                Properties.builder().integer(Property.RECEIVE_MAXIMUM, 1).build();
        second.send(new ConnAck(true, ReasonCode.SUCCESS, one));
        second.expectSilence();
        three.complete(null);

        second.expect(message("1", QoS.AT_LEAST_ONCE, 1, true));
        second.expectSilence();
        second.send(new PubAck(1));
        second.expect(message("2", QoS.AT_LEAST_ONCE, 2, false));
        second.expectSilence();
        second.send(new PubAck(2));
        second.expect(message("3", QoS.AT_LEAST_ONCE, 3, false));
        second.send(new PubAck(3));
    }

    @Test
    void aStoreThatCannotBeReadFailsTheAttempt() {
        MqttClient client = fixture.client(fixture.options().inFlightStore(new InFlightStore() {
            @Override
            public CompletionStage<List<InFlight>> load() {
                return CompletableFuture.failedFuture(new IOException("torn"));
            }

            @Override
            public CompletionStage<?> put(Publish publish) {
                throw new IllegalStateException("not reached");
            }

            @Override
            public CompletionStage<?> release(int packetId) {
                throw new IllegalStateException("not reached");
            }

            @Override
            public void remove(int packetId, boolean delivered) {
                throw new IllegalStateException("not reached");
            }
        }));

        MqttException fault = awaitFailure(client.connect());
        assertThat(fault.kind()).isEqualTo(MqttException.Kind.STORE);
        assertThat(fault).hasRootCauseMessage("torn");
    }
}
