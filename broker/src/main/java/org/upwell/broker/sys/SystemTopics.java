// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.sys;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.Broker;
import org.upwell.broker.event.BrokerCounters;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.MessageProperties;
import org.upwell.broker.owner.Loop;
import org.upwell.broker.owner.Owner;

/// Publishes numbers of the broker and its listeners below `$SYS/broker` and `$SYS/listeners` at regular intervals,
/// retained and in decimal text, each topic when its value changed. Topics are called as in Mosquitto where that
/// has them. Who may read them is a matter of roles; no store keeps them.
///
/// Owned by the event loop that it is started on; values may be added on any thread.
public final class SystemTopics implements AutoCloseable {

    private static final String BROKER = "$SYS/broker/";
    private static final int[] LOAD_MINUTES = {1, 5, 15};

    private final Broker broker;
    private final Owner owner;
    private final Duration interval;
    private final Map<String, Supplier<String>> values = new ConcurrentHashMap<>();
    private final Map<String, String> published = new LinkedHashMap<>();
    private final List<Load> loads = new ArrayList<>();
    private long maximum;
    private long lastMillis;
    private Loop.@Nullable Cancellation next;
    private volatile boolean closed;

    /// @param owner one of the event loops that the broker was started on
    public SystemTopics(Broker broker, Owner owner, Duration interval) {
        this.broker = broker;
        this.owner = owner;
        this.interval = interval;
        this.lastMillis = broker.clock().millis();
    }

    /// Adds the broker's own numbers.
    public SystemTopics withBroker(String version) {
        InstantSource clock = broker.clock();
        long started = clock.millis();
        BrokerCounters counters = broker.counters();
        add(BROKER + "version", () -> version);
        add(BROKER + "uptime", () -> (clock.millis() - started) / 1000 + " seconds");
        add(BROKER + "clients/connected", () -> text(connected(counters)));
        add(BROKER + "clients/maximum", () -> text(maximum(connected(counters))));
        add(BROKER + "clients/total", () -> text(broker.sessions().all().size()));
        add(
                BROKER + "clients/disconnected",
                () -> text(Math.max(0, broker.sessions().all().size() - connected(counters))));
        add(BROKER + "messages/received", () -> text(counters.messagesReceived.sum()));
        add(BROKER + "messages/sent", () -> text(counters.messagesSent.sum()));
        add(BROKER + "messages/dropped", () -> text(counters.dropped()));
        add(
                BROKER + "messages/stored",
                () -> text(waiting(counters) + broker.retained().size()));
        add(
                BROKER + "store/messages/count",
                () -> text(waiting(counters) + broker.retained().size()));
        add(BROKER + "store/messages/bytes", () -> text(Math.max(0, counters.bytesWaiting.sum())));
        add(BROKER + "publish/messages/received", () -> text(counters.messagesReceived.sum()));
        add(BROKER + "publish/messages/sent", () -> text(counters.messagesSent.sum()));
        add(BROKER + "publish/messages/dropped", () -> text(counters.dropped()));
        add(BROKER + "bytes/received", () -> text(counters.bytesReceived.sum()));
        add(BROKER + "bytes/sent", () -> text(counters.bytesSent.sum()));
        add(
                BROKER + "shared_subscriptions/count",
                () -> text(broker.groups().all().size()));
        add(BROKER + "subscriptions/count", () -> text(broker.subscriptions().size()));
        add(BROKER + "retained messages/count", () -> text(broker.retained().size()));
        load("messages/received", counters.messagesReceived::sum);
        load("messages/sent", counters.messagesSent::sum);
        load("publish/dropped", counters::dropped);
        load("bytes/received", counters.bytesReceived::sum);
        load("bytes/sent", counters.bytesSent::sum);
        load("connections", counters.connectionsOpened::sum);
        return this;
    }

    private void load(String what, LongSupplier total) {
        for (int minutes : LOAD_MINUTES) {
            LoadAverage average = new LoadAverage(Duration.ofMinutes(minutes));
            loads.add(new Load(total, average));
            add(BROKER + "load/" + what + "/" + minutes + "min", average::text);
        }
    }

    private record Load(LongSupplier total, LoadAverage average) {}

    /// As of the moments at which it is published.
    private long maximum(long now) {
        maximum = Math.max(maximum, now);
        return maximum;
    }

    private static long waiting(BrokerCounters counters) {
        return Math.max(0, counters.messagesWaiting.sum());
    }

    private static long connected(BrokerCounters counters) {
        return Math.max(0, counters.connectionsOpened.sum() - counters.connectionsClosed.sum());
    }

    private static String text(long number) {
        return Long.toString(number);
    }

    /// Adds a number of a listener. A name that is no topic level is written as in a URL.
    public SystemTopics withListener(String name, String what, Function<String, Long> value) {
        String level =
                name.replace("%", "%25").replace("/", "%2F").replace("+", "%2B").replace("#", "%23");
        add("$SYS/listeners/" + level + "/" + what, () -> text(value.apply(name)));
        return this;
    }

    private void add(String topic, Supplier<String> value) {
        values.put(topic, value);
    }

    /// Publishes now and at each interval.
    public void start() {
        owner.execute(this::publish);
    }

    private void publish() {
        if (closed) {
            return;
        }
        long now = broker.clock().millis();
        Duration elapsed = Duration.ofMillis(now - lastMillis);
        lastMillis = now;
        loads.forEach(load -> load.average.update(load.total.getAsLong(), elapsed));
        values.forEach((topic, value) -> {
            String text = value.get();
            if (!text.equals(published.put(topic, text))) {
                broker.router().announce(message(topic, text), owner);
            }
        });
        next = owner.schedule(interval, this::publish);
    }

    private static Message message(String topic, String payload) {
        return new Message(
                topic, payload.getBytes(StandardCharsets.UTF_8), 0, true, Message.NEVER, MessageProperties.NONE, null);
    }

    /// Publishes no more. Any thread.
    @Override
    public void close() {
        closed = true;
        owner.execute(() -> {
            if (next != null) {
                next.cancel();
                next = null;
            }
        });
    }
}
