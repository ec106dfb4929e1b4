// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.PacketEncoder;
import org.upwell.codec.Properties;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.SubAck;
import org.upwell.codec.Subscribe;
import org.upwell.codec.UnsubAck;
import org.upwell.codec.Unsubscribe;

/// SUBSCRIBE and UNSUBSCRIBE with their answers, and what is subscribed, so that it can be subscribed again when
/// the server lost the session. A request whose answer the connection did not live to see is sent again on the
/// next. Owned by the client's event loop.
final class Subscriptions {

    private static final Logger LOG = LoggerFactory.getLogger(Subscriptions.class);

    /// Filters in one SUBSCRIBE that is made again.
    private static final int FILTERS_AT_ONCE = 50;

    /// A request, waiting or under way. Its packet id is that of `packet` and changes when it is sent again.
    private sealed interface Request {

        Packet withPacketId(int packetId);

        CompletableFuture<?> result();
    }

    /// `again` says that it is not the caller's but ours, for filters in `lost`.
    private record SubscribeRequest(
            List<Subscribe.Request> requests, Properties properties, boolean again, CompletableFuture<SubAck> result)
            implements Request {

        @Override
        public Packet withPacketId(int packetId) {
            return new Subscribe(packetId, requests, properties);
        }
    }

    private record UnsubscribeRequest(List<String> filters, Properties properties, CompletableFuture<UnsubAck> result)
            implements Request {

        @Override
        public Packet withPacketId(int packetId) {
            return new Unsubscribe(packetId, filters, properties);
        }
    }

    private record Subscribed(Subscribe.Request request, Properties properties) {}

    private final ClientOptions options;
    private final PacketIds ids;
    private final Deque<Request> waiting = new ArrayDeque<>();
    private final Map<Integer, Request> underWay = new LinkedHashMap<>();
    private final Map<String, Subscribed> subscribed = new LinkedHashMap<>();
    /// Those of `subscribed` that the server forgot and has not granted again yet: asked for on each connection until
    /// it answers, however often that ends before.
    private final Set<String> lost = new LinkedHashSet<>();

    // These live as long as one connection.
    private @Nullable ClientConnection connection;
    private long maxPacketBytes;

    Subscriptions(ClientOptions options, PacketIds ids) {
        this.options = options;
        this.ids = ids;
    }

    void subscribe(List<Subscribe.Request> requests, Properties properties, CompletableFuture<SubAck> result) {
        enqueue(new SubscribeRequest(requests, properties, false, result));
    }

    void unsubscribe(List<String> filters, Properties properties, CompletableFuture<UnsubAck> result) {
        enqueue(new UnsubscribeRequest(filters, properties, result));
    }

    private void enqueue(Request request) {
        if (waiting.size() >= options.maxOutstanding()) {
            request.result()
                    .completeExceptionally(new MqttException(
                            MqttException.Kind.QUEUE_FULL, ReasonCode.QUOTA_EXCEEDED, "too many requests wait"));
            return;
        }
        waiting.add(request);
        pump();
    }

    void onConnected(ClientConnection connection, ServerLimits limits, boolean sessionPresent) {
        this.connection = connection;
        this.maxPacketBytes = limits.maxPacketBytes();
        if (!sessionPresent) {
            if (options.resubscribe()) {
                lost.addAll(subscribed.keySet());
            } else {
                subscribed.clear();
            }
        }
        subscribeAgain();
        pump();
    }

    /// In front of what waits, since it was asked for earlier.
    private void subscribeAgain() {
        Map<Properties, List<Subscribe.Request>> byProperties = new LinkedHashMap<>();
        for (String filter : lost) {
            Subscribed each = subscribed.get(filter);
            if (each != null) {
                byProperties
                        .computeIfAbsent(each.properties, none -> new ArrayList<>())
                        .add(each.request);
            }
        }
        List<Request> again = new ArrayList<>();
        byProperties.forEach((properties, requests) -> {
            for (int i = 0; i < requests.size(); i += FILTERS_AT_ONCE) {
                List<Subscribe.Request> some = requests.subList(i, Math.min(i + FILTERS_AT_ONCE, requests.size()));
                again.add(new SubscribeRequest(some, properties, true, new CompletableFuture<>()));
            }
        });
        again.reversed().forEach(waiting::addFirst);
    }

    void onDisconnected() {
        connection = null;
        List.copyOf(underWay.values()).reversed().forEach(waiting::addFirst);
        underWay.keySet().forEach(ids::free);
        underWay.clear();
        // Made anew from `lost`.
        waiting.removeIf(request -> request instanceof SubscribeRequest subscribe && subscribe.again);
    }

    void failAll(MqttException cause) {
        waiting.forEach(request -> request.result().completeExceptionally(cause));
        waiting.clear();
    }

    /// Sends what waits; never held back by flow control ([MQTT-4.9.0-3]).
    void pump() {
        ClientConnection to = connection;
        while (to != null && !waiting.isEmpty()) {
            int packetId = ids.take();
            if (packetId == 0) {
                return;
            }
            Request request = waiting.remove();
            Packet packet = request.withPacketId(packetId);
            int bytes = PacketEncoder.encodedBytes(packet, options.version());
            if (bytes > maxPacketBytes) {
                // [MQTT-3.2.2-15]
                ids.free(packetId);
                request.result()
                        .completeExceptionally(ServerLimits.limit(
                                ReasonCode.PACKET_TOO_LARGE,
                                bytes + " bytes, of which the server takes " + maxPacketBytes));
                continue;
            }
            underWay.put(packetId, request);
            to.send(packet);
        }
    }

    void onSubAck(SubAck ack) {
        if (!(underWay.get(ack.packetId()) instanceof SubscribeRequest request)) {
            closeFor("SUBACK with a packet id of no SUBSCRIBE");
            return;
        }
        List<Subscribe.Request> asked = request.requests;
        if (asked.size() != ack.reasons().size()) {
            // [MQTT-3.8.4-6], [MQTT3-3.8.4-5]
            closeFor("SUBACK with " + ack.reasons().size() + " reasons for " + asked.size() + " filters");
            return;
        }
        finish(ack.packetId());
        for (int i = 0; i < asked.size(); i++) {
            note(asked.get(i), request, ack.reasons().get(i));
        }
        request.result.complete(ack);
    }

    private void note(Subscribe.Request asked, SubscribeRequest request, ReasonCode reason) {
        String filter = asked.filter();
        if (!reason.isError()) {
            subscribed.put(filter, new Subscribed(asked, request.properties));
            lost.remove(filter);
            return;
        }
        LOG.debug("subscription to {} refused: {}", filter, reason);
        // A refused request of the caller leaves an older subscription as it was; only the server knows.
        if (request.again) {
            subscribed.remove(filter);
            lost.remove(filter);
        }
    }

    void onUnsubAck(UnsubAck ack) {
        if (!(underWay.get(ack.packetId()) instanceof UnsubscribeRequest request)) {
            closeFor("UNSUBACK with a packet id of no UNSUBSCRIBE");
            return;
        }
        boolean hasReasons = options.version() == MqttVersion.MQTT_5;
        if (hasReasons && request.filters.size() != ack.reasons().size()) {
            // [MQTT-3.11.3-1]
            closeFor("UNSUBACK with " + ack.reasons().size() + " reasons for " + request.filters.size() + " filters");
            return;
        }
        finish(ack.packetId());
        for (int i = 0; i < request.filters.size(); i++) {
            if (!hasReasons || !ack.reasons().get(i).isError()) {
                subscribed.remove(request.filters.get(i));
                lost.remove(request.filters.get(i));
            }
        }
        request.result.complete(ack);
    }

    private void finish(int packetId) {
        underWay.remove(packetId);
        ids.free(packetId);
    }

    private void closeFor(String fault) {
        if (connection != null) {
            connection.close(MqttException.protocol(ReasonCode.PROTOCOL_ERROR, fault), ReasonCode.PROTOCOL_ERROR);
        }
    }
}
