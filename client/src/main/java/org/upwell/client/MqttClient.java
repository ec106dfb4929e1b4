// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.codec.ConnAck;
import org.upwell.codec.PacketEncoder;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.SubAck;
import org.upwell.codec.Subscribe;
import org.upwell.codec.UnsubAck;
import org.upwell.codec.Unsubscribe;

/// An asynchronous MQTT client, 3.1 to 5. Every method may be called from any thread and returns at once; stages
/// complete on the client's event loop, which what follows on them must not block, and fail with an
/// [MqttException].
///
/// Messages leave in the order of the calls to [#publish]. While the client is connected or on its way to be, they
/// may wait, up to the limits of [ClientOptions]; beyond those, and without a connection, they are refused. Does
/// not support enhanced authentication (AUTH).
public final class MqttClient implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(MqttClient.class);
    private static final long CLOSE_SECONDS = 5;

    private final ClientOptions options;
    private final EventLoop loop;
    private final @Nullable EventLoopGroup ownGroup;
    private final ClientLifecycle lifecycle;
    private final Outstanding outstanding;
    private final Queue<Outgoing> submitted = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean drainDue = new AtomicBoolean();

    /// A client with an event loop of its own.
    public MqttClient(ClientOptions options) {
        this(options, Transport.ownGroup(), true);
    }

    /// A client on one of the event loops of `group`, which stays its owner's to shut down.
    public MqttClient(ClientOptions options, EventLoopGroup group) {
        this(options, group, false);
    }

    private MqttClient(ClientOptions options, EventLoopGroup group, boolean own) {
        this.options = options;
        this.loop = group.next();
        this.ownGroup = own ? group : null;
        this.lifecycle = new ClientLifecycle(options, loop, this::drain);
        this.outstanding = new Outstanding(options.maxOutstanding(), options.maxOutstandingBytes());
    }

    /// Connects. Completes with the first CONNACK that accepts; fails with the first attempt that fails, unless
    /// [Reconnect#alsoFirst].
    public CompletionStage<ConnAck> connect() {
        CompletableFuture<ConnAck> result = new CompletableFuture<>();
        execute(() -> lifecycle.connect(result), result);
        return result;
    }

    /// Whether the server has accepted us; may be out of date at once.
    public boolean isConnected() {
        return lifecycle.isConnected();
    }

    /// How many messages were accepted and are not finished.
    public int outstanding() {
        return outstanding.messages();
    }

    /// As [#publish(Publish)], the client choosing a packet id.
    public CompletionStage<ReasonCode> publish(
            String topic, byte[] payload, QoS qos, boolean retain, Properties properties) {
        return publish(new Publish(topic, payload, qos, false, retain, 0, properties));
    }

    /// Sends a message. Completes when it was written to the socket (QoS 0), acknowledged by PUBACK (QoS 1) or by
    /// PUBCOMP (QoS 2), with the server's reason; fails if the server refused it, or if nobody can know any more.
    ///
    /// A packet id of 0 lets the client choose one. A caller who gives one must give ids that are not in use, and
    /// so should give all; it may then also set DUP, for a message that an earlier process sent in the same
    /// session.
    ///
    /// @throws IllegalArgumentException if MQTT cannot express the message
    public CompletionStage<ReasonCode> publish(Publish message) {
        int bytes = checkedBytes(message);
        if (!outstanding.tryAdd(bytes)) {
            return CompletableFuture.failedFuture(new MqttException(
                    MqttException.Kind.QUEUE_FULL,
                    ReasonCode.QUOTA_EXCEEDED,
                    outstanding.messages() + " messages wait to be sent or acknowledged"));
        }
        Outgoing outgoing = new Outgoing(message, bytes, outstanding);
        submitted.add(outgoing);
        if (drainDue.compareAndSet(false, true)) {
            try {
                loop.execute(this::drain);
            } catch (RejectedExecutionException e) {
                LOG.trace("the event loop has ended", e);
                refuseSubmitted();
            }
        }
        return outgoing.result();
    }

    /// In place of [#drain] once the event loop has ended.
    private void refuseSubmitted() {
        // Before the queue is read, as in drain.
        drainDue.set(false);
        Outgoing next = submitted.poll();
        while (next != null) {
            next.fail(MqttException.closed("the client is closed"));
            next = submitted.poll();
        }
    }

    private int checkedBytes(Publish message) {
        String topic = message.topic();
        if (topic.isEmpty() || topic.indexOf('+') >= 0 || topic.indexOf('#') >= 0 || topic.indexOf('\0') >= 0) {
            // [MQTT-3.3.2-2], [MQTT-4.7.3-1], [MQTT-4.7.3-2]
            throw new IllegalArgumentException("not a topic name: " + topic);
        }
        if (message.properties().has(Property.TOPIC_ALIAS)
                || message.properties().has(Property.SUBSCRIPTION_IDENTIFIER)) {
            // An alias belongs to one connection, which the caller cannot know; [MQTT-3.3.4-6].
            throw new IllegalArgumentException("a message cannot name topic alias or subscription identifier");
        }
        boolean mayHaveId = message.qos() != QoS.AT_MOST_ONCE;
        if (!mayHaveId && (message.packetId() != 0 || message.dup())) {
            // [MQTT-2.2.1-2], [MQTT-3.3.1-2]
            throw new IllegalArgumentException("a message at QoS 0 has no packet id and no DUP");
        }
        Publish sample = mayHaveId && message.packetId() == 0 ? withPacketId(message) : message;
        return PacketEncoder.encodedBytes(sample, options.version());
    }

    private static Publish withPacketId(Publish message) {
        return new Publish(
                message.topic(),
                message.payload(),
                message.qos(),
                message.dup(),
                message.retain(),
                1,
                message.properties());
    }

    private void drain() {
        // Before the queue is read: what is added from now on asks for another run.
        drainDue.set(false);
        boolean active = lifecycle.isActive();
        Outgoing next = submitted.poll();
        while (next != null) {
            if (active) {
                lifecycle.outbound().accept(next);
            } else {
                next.fail(MqttException.lost("not connected", null));
            }
            next = submitted.poll();
        }
        lifecycle.outbound().pump();
    }

    /// Subscribes to one filter.
    public CompletionStage<SubAck> subscribe(String filter, QoS qos) {
        return subscribe(List.of(new Subscribe.Request(filter, qos)), Properties.NONE);
    }

    /// Subscribes to some filters by one SUBSCRIBE. Completes with the server's answer, which may refuse some or all:
    /// look at its reasons. Messages go to the [ClientOptions#messageListener].
    ///
    /// @throws IllegalArgumentException if MQTT cannot express the request
    public CompletionStage<SubAck> subscribe(List<Subscribe.Request> requests, Properties properties) {
        List<Subscribe.Request> copy = List.copyOf(requests);
        // [MQTT-3.8.3-2]
        checkFilters(copy.stream().map(Subscribe.Request::filter).toList());
        PacketEncoder.encodedBytes(new Subscribe(1, copy, properties), options.version());
        CompletableFuture<SubAck> result = new CompletableFuture<>();
        execute(
                () -> {
                    if (failUnlessActive(result)) {
                        lifecycle.subscriptions().subscribe(copy, properties, result);
                    }
                },
                result);
        return result;
    }

    /// Unsubscribes from some filters by one UNSUBSCRIBE.
    ///
    /// @throws IllegalArgumentException if MQTT cannot express the request
    public CompletionStage<UnsubAck> unsubscribe(List<String> filters) {
        List<String> copy = List.copyOf(filters);
        // [MQTT-3.10.3-2]
        checkFilters(copy);
        PacketEncoder.encodedBytes(new Unsubscribe(1, copy, Properties.NONE), options.version());
        CompletableFuture<UnsubAck> result = new CompletableFuture<>();
        execute(
                () -> {
                    if (failUnlessActive(result)) {
                        lifecycle.subscriptions().unsubscribe(copy, Properties.NONE, result);
                    }
                },
                result);
        return result;
    }

    private static void checkFilters(List<String> filters) {
        if (filters.isEmpty()) {
            throw new IllegalArgumentException("no topic filter");
        }
        for (String filter : filters) {
            if (filter.isEmpty() || filter.indexOf('\0') >= 0) {
                // [MQTT-4.7.3-1], [MQTT-4.7.3-2]
                throw new IllegalArgumentException("not a topic filter: " + filter);
            }
        }
    }

    private boolean failUnlessActive(CompletableFuture<?> result) {
        if (lifecycle.isActive()) {
            return true;
        }
        result.completeExceptionally(MqttException.lost("not connected", null));
        return false;
    }

    /// Leaves in good order: the server discards the will, and no reconnect follows. What was not acknowledged until
    /// now fails; wait for its stages first if it matters. Completes when the connection has ended.
    public CompletionStage<@Nullable Void> disconnect() {
        return disconnect(ReasonCode.SUCCESS, Properties.NONE);
    }

    /// The same with a reason, such as [ReasonCode#DISCONNECT_WITH_WILL], and properties, for MQTT 5. In 3.x, whose
    /// DISCONNECT has no reason, one other than success closes the connection without a word.
    public CompletionStage<@Nullable Void> disconnect(ReasonCode reason, Properties properties) {
        CompletableFuture<@Nullable Void> result = new CompletableFuture<>();
        execute(() -> lifecycle.disconnect(reason, properties, result), result);
        return result;
    }

    /// Disconnects if need be and frees what the client holds. Waits for that, but on the event loop itself.
    @Override
    public void close() {
        CompletableFuture<@Nullable Void> ended = new CompletableFuture<>();
        execute(() -> lifecycle.close(ended), ended);
        if (loop.inEventLoop()) {
            var _ = ended.thenRun(this::shutDown);
            return;
        }
        try {
            ended.get(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("closed without a good end", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        shutDown();
    }

    private void shutDown() {
        if (ownGroup != null) {
            var _ = ownGroup.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        }
    }

    private void execute(Runnable task, CompletableFuture<?> result) {
        try {
            loop.execute(task);
        } catch (RejectedExecutionException e) {
            result.completeExceptionally(MqttException.closed("the client is closed"));
        }
    }
}
