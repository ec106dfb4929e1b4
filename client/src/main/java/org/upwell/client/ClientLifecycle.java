// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.Packet;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.PubAck;
import org.upwell.codec.PubComp;
import org.upwell.codec.PubRec;
import org.upwell.codec.PubRel;
import org.upwell.codec.Publish;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.SubAck;
import org.upwell.codec.UnsubAck;

/// The client's state machine: from idle through attempts to a connection and back, and what a new connection means
/// for the session. Owned by one event loop; every method but the constructor is called there.
final class ClientLifecycle implements ClientConnection.Events {

    private static final Logger LOG = LoggerFactory.getLogger(ClientLifecycle.class);

    /*
     *            connect                CONNACK                disconnect
     *   IDLE -------------> CONNECTING ---------> CONNECTED ----------------> LEAVING ---> IDLE
     *    ^                   |   ^  |                 |
     *    |  first attempt    |   |  | fails           | lost
     *    +-------------------+   |  v                 v
     *    ^                      WAITING <-------------+
     *    +---- disconnect ---------+      (without reconnect, or taken over: IDLE)
     *
     * CLOSED ends it all. Callbacks of an attempt that is over are told by its number, or by the connection that makes
     * them, and ignored.
     */
    private enum State {
        IDLE,
        CONNECTING,
        CONNECTED,
        WAITING,
        LEAVING,
        CLOSED
    }

    private final ClientOptions options;
    private final EventLoop loop;
    private final Runnable intake;
    private final Connector connector;
    private final @Nullable Backoff backoff;

    // The session, over all connections.
    private final OutboundMessages outbound;
    private final InboundMessages inbound;
    private final Subscriptions subscriptions;
    private String clientId;
    private boolean restored;
    private boolean everConnected;
    private boolean closing;

    private State state = State.IDLE;
    private int attempt;
    private @Nullable ClientConnection connection;
    private @Nullable Future<?> timer;
    private @Nullable CompletableFuture<ConnAck> connecting;
    private @Nullable CompletableFuture<@Nullable Void> leaving;
    private long connectedNanos;
    private volatile boolean connected;

    /// @param intake hands all messages that callers have given until now to [#outbound]
    ClientLifecycle(ClientOptions options, EventLoop loop, Runnable intake) {
        this.options = options;
        this.loop = loop;
        this.intake = intake;
        this.connector = new Connector(options, loop);
        Reconnect reconnect = options.reconnect();
        this.backoff = reconnect == null ? null : new Backoff(reconnect, new SplittableRandom());
        PacketIds ids = new PacketIds();
        this.outbound = new OutboundMessages(options, ids, loop);
        this.inbound = new InboundMessages(options, loop);
        this.subscriptions = new Subscriptions(options, ids);
        this.clientId = options.clientId();
    }

    OutboundMessages outbound() {
        return outbound;
    }

    Subscriptions subscriptions() {
        return subscriptions;
    }

    /// Whether there is a connection, or one is being sought, so that it makes sense to queue something.
    boolean isActive() {
        return state == State.CONNECTING || state == State.CONNECTED || state == State.WAITING;
    }

    /// For any thread: a look that may be old at once.
    boolean isConnected() {
        return connected;
    }

    void connect(CompletableFuture<ConnAck> result) {
        if (state != State.IDLE) {
            result.completeExceptionally(MqttException.closed(
                    state == State.CLOSED ? "the client is closed" : "the client is connected or connecting"));
            return;
        }
        connecting = result;
        if (restored) {
            startAttempt();
            return;
        }
        state = State.CONNECTING;
        int number = ++attempt;
        onLoop(asked(options.inFlightStore()::load), number, (left, fault) -> {
            if (left == null) {
                onAttemptFailed(new MqttException(
                        MqttException.Kind.STORE,
                        ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR,
                        "the in-flight store could not be read",
                        fault));
                return;
            }
            outbound.restore(left);
            restored = true;
            startAttempt();
        });
    }

    private void startAttempt() {
        state = State.CONNECTING;
        int number = ++attempt;
        timer = loop.schedule(
                () -> onAttemptTimeout(number), options.connectTimeout().toNanos(), TimeUnit.NANOSECONDS);
        onLoop(asked(options.credentials()::next), number, (given, fault) -> {
            if (given == null) {
                onAttemptFailed(MqttException.lost("no credentials for CONNECT", fault));
            } else {
                open(connectPacket(given), number);
            }
        });
    }

    private void open(Connect connect, int number) {
        CompletionStage<Channel> opened = connector.open(() -> {
            ClientConnection made =
                    new ClientConnection(connect, options.maxPacketBytes(), options.pingTimeout(), this);
            if (number == attempt && state == State.CONNECTING) {
                connection = made;
            }
            return made;
        });
        opened.whenComplete((channel, fault) -> {
            if (number != attempt || state != State.CONNECTING) {
                if (channel != null) {
                    var _ = channel.close();
                }
            } else if (fault instanceof MqttException cause) {
                onAttemptFailed(cause);
            }
        });
    }

    private Connect connectPacket(Credentials credentials) {
        Properties.Builder properties = Properties.builder();
        if (options.version().isMqtt5()) {
            long expiry = Math.min(options.sessionExpiry().toSeconds(), ClientOptions.NEVER_EXPIRES.toSeconds());
            if (expiry > 0) {
                properties.integer(Property.SESSION_EXPIRY_INTERVAL, expiry);
            }
            if (options.receiveMaximum() < 65_535) {
                properties.integer(Property.RECEIVE_MAXIMUM, options.receiveMaximum());
            }
            properties.integer(Property.MAXIMUM_PACKET_SIZE, options.maxPacketBytes());
            properties.all(options.connectProperties());
        }
        // A session that is to outlive connections must not be thrown away by coming back.
        boolean resume = everConnected
                && options.version().isMqtt5()
                && !options.sessionExpiry().isZero();
        return new Connect(
                options.version(),
                clientId,
                options.cleanStart() && !resume,
                (int) options.keepAlive().toSeconds(),
                options.will(),
                credentials.userName(),
                credentials.password(),
                properties.build());
    }

    private void onAttemptTimeout(int number) {
        if (number != attempt || state != State.CONNECTING) {
            return;
        }
        MqttException cause =
                MqttException.timeout(ReasonCode.UNSPECIFIED_ERROR, "no CONNACK within " + options.connectTimeout());
        ClientConnection open = connection;
        onAttemptFailed(cause);
        if (open != null) {
            open.close(cause, null);
        }
    }

    private void onAttemptFailed(MqttException cause) {
        cancelTimer();
        connection = null;
        CompletableFuture<ConnAck> first = connecting;
        Reconnect reconnect = options.reconnect();
        if (backoff != null && reconnect != null && (first == null || reconnect.alsoFirst())) {
            retry(cause, backoff);
            return;
        }
        goIdle(cause);
        connecting = null;
        if (first != null) {
            first.completeExceptionally(cause);
        }
    }

    private void retry(MqttException cause, Backoff steps) {
        state = State.WAITING;
        Duration delay = steps.nextDelay();
        LOG.debug("not connected, next attempt in {}: {}", delay, cause.getMessage());
        int number = ++attempt;
        timer = loop.schedule(
                () -> {
                    if (number == attempt && state == State.WAITING) {
                        startAttempt();
                    }
                },
                delay.toNanos(),
                TimeUnit.NANOSECONDS);
        tell(() -> options.connectionListener().onDisconnected(cause, delay));
    }

    /// Nothing more will be tried by itself: all callers hear of it.
    private void goIdle(MqttException cause) {
        state = closing ? State.CLOSED : State.IDLE;
        attempt++;
        outbound.failAll(cause);
        subscriptions.failAll(cause);
        tell(() -> options.connectionListener().onDisconnected(cause, null));
    }

    @Override
    public void onConnAck(ClientConnection from, ConnAck connAck) {
        if (from != connection) {
            return;
        }
        if (connAck.reason() != ReasonCode.SUCCESS) {
            String words = connAck.properties().string(Property.REASON_STRING);
            from.close(MqttException.refused(connAck.reason(), "CONNECT", words), null);
            return;
        }
        cancelTimer();
        // Given before anybody can have seen this connection, they share the fate of what waits already.
        intake.run();
        state = State.CONNECTED;
        everConnected = true;
        connectedNanos = System.nanoTime();
        String assigned = connAck.properties().string(Property.ASSIGNED_CLIENT_IDENTIFIER);
        if (assigned != null) {
            clientId = assigned;
        }
        ServerLimits limits = ServerLimits.of(connAck);
        // [MQTT-3.1.2-21]
        from.startKeepAlive(
                limits.keepAliveSeconds() < 0 ? options.keepAlive() : Duration.ofSeconds(limits.keepAliveSeconds()));
        // First the listener, so that who sees the connection finds what the listener does about it done.
        tell(() -> options.connectionListener().onConnected(connAck));
        connected = true;
        inbound.onConnected(from, connAck.sessionPresent());
        subscriptions.onConnected(from, limits, connAck.sessionPresent());
        CompletableFuture<ConnAck> first = connecting;
        outbound.onConnected(from, limits, connAck.sessionPresent(), first == null);
        connecting = null;
        if (first != null) {
            first.complete(connAck);
        }
    }

    @Override
    public void onPacket(Packet packet) {
        switch (packet) {
            case Publish publish -> inbound.onPublish(publish);
            case PubAck ack -> outbound.onPubAck(ack);
            case PubRec rec -> outbound.onPubRec(rec);
            case PubRel rel -> inbound.onPubRel(rel);
            case PubComp comp -> outbound.onPubComp(comp);
            case SubAck ack -> subscriptions.onSubAck(ack);
            case UnsubAck ack -> subscriptions.onUnsubAck(ack);
            // The decoder lets a client have no others, and the connection keeps the rest to itself.
            default -> throw new IllegalStateException("unexpected " + packet.type());
        }
    }

    @Override
    public void onReady() {
        if (state == State.CONNECTED) {
            subscriptions.pump();
            outbound.pump();
        }
    }

    @Override
    public void onWritten(List<Outgoing> messages, @Nullable Throwable fault) {
        outbound.onWritten(messages, fault);
    }

    @Override
    public void onClosed(ClientConnection closed, MqttException cause) {
        if (closed != connection) {
            // Of an attempt that was given up.
            return;
        }
        State before = state;
        connection = null;
        connected = false;
        if (before == State.CONNECTING) {
            onAttemptFailed(cause);
            return;
        }
        inbound.onDisconnected();
        subscriptions.onDisconnected();
        outbound.onDisconnected();
        if (before == State.LEAVING) {
            goIdle(cause);
            CompletableFuture<@Nullable Void> left = leaving;
            leaving = null;
            if (left != null) {
                left.complete(null);
            }
        } else if (before == State.CONNECTED) {
            // Who took the session over keeps it: two clients that take it from each other would do so for ever.
            boolean takenOver = cause.reason() == ReasonCode.SESSION_TAKEN_OVER;
            if (backoff == null || takenOver) {
                goIdle(cause);
            } else {
                backoff.onConnectionEnded(Duration.ofNanos(System.nanoTime() - connectedNanos));
                retry(cause, backoff);
            }
        }
    }

    /// Leaves the server in good order; `properties` go into the DISCONNECT of MQTT 5.
    void disconnect(ReasonCode reason, Properties properties, CompletableFuture<@Nullable Void> result) {
        MqttException cause = MqttException.closed("the client disconnected");
        ClientConnection open = connection;
        if (state == State.CONNECTED && open != null) {
            state = State.LEAVING;
            leaving = result;
            open.close(cause, reason, properties);
            return;
        }
        if (state == State.LEAVING && leaving != null) {
            var _ = leaving.whenComplete((none, fault) -> result.complete(null));
            return;
        }
        if (state == State.CONNECTING || state == State.WAITING) {
            cancelTimer();
            CompletableFuture<ConnAck> first = connecting;
            connecting = null;
            goIdle(cause);
            if (open != null) {
                connection = null;
                open.close(cause, null);
            }
            if (first != null) {
                first.completeExceptionally(cause);
            }
        }
        result.complete(null);
    }

    /// Disconnects for good: after this nothing works any more.
    void close(CompletableFuture<@Nullable Void> result) {
        closing = true;
        disconnect(ReasonCode.SUCCESS, Properties.NONE, result);
        if (state == State.IDLE) {
            state = State.CLOSED;
        }
    }

    private void cancelTimer() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    private void tell(Runnable event) {
        try {
            event.run();
        } catch (RuntimeException e) {
            LOG.warn("the connection listener failed", e);
        }
    }

    /// What follows when a stage of the present attempt completes.
    @FunctionalInterface
    private interface Then<T> {

        void then(@Nullable T value, @Nullable Throwable fault);
    }

    /// A stage in any case, even if who should give it fails at once.
    private static <T> CompletionStage<T> asked(Supplier<CompletionStage<T>> source) {
        try {
            return source.get();
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private <T> void onLoop(CompletionStage<T> stage, int number, Then<T> then) {
        stage.whenComplete((value, fault) -> {
            if (loop.inEventLoop()) {
                ifCurrent(number, value, fault, then);
            } else {
                loop.execute(() -> ifCurrent(number, value, fault, then));
            }
        });
    }

    private <T> void ifCurrent(int number, @Nullable T value, @Nullable Throwable fault, Then<T> then) {
        if (number != attempt || state != State.CONNECTING) {
            return;
        }
        try {
            then.then(value, fault);
        } catch (RuntimeException e) {
            onAttemptFailed(
                    e instanceof MqttException known ? known : MqttException.lost("the attempt to connect failed", e));
        }
    }
}
