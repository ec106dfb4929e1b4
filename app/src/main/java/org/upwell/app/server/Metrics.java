// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.Locale;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToDoubleFunction;
import org.upwell.broker.event.BrokerCounters;
import org.upwell.broker.event.DropCause;
import org.upwell.broker.event.TenantDrops;
import org.upwell.broker.journal.Journal;
import org.upwell.broker.journal.JournalStat;
import org.upwell.broker.store.StoreCondition;
import org.upwell.gateway.Gateway;
import org.upwell.gateway.event.GatewayEvent;
import org.upwell.mqtt.MqttServer;

/// Everything that is counted, as Prometheus reads it. The parts count by themselves, cheaply and without knowing
/// of this; here their counters get names and are read when somebody asks. Safe for all threads.
final class Metrics implements AutoCloseable {
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics collections = new JvmGcMetrics();

    Metrics() {
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        collections.bindTo(registry);
    }

    void bind(BrokerCounters counters) {
        count("upwell.broker.connections.opened", "MQTT connections accepted", counters.connectionsOpened);
        count("upwell.broker.connections.closed", "MQTT connections ended", counters.connectionsClosed);
        count("upwell.broker.connections.refused", "CONNECT packets refused", counters.connectionsRefused);
        count("upwell.broker.sessions.opened", "Sessions opened or resumed", counters.sessionsOpened);
        count("upwell.broker.sessions.ended", "Sessions ended", counters.sessionsEnded);
        count("upwell.broker.messages.received", "PUBLISH packets accepted", counters.messagesReceived);
        count("upwell.broker.messages.sent", "PUBLISH packets sent", counters.messagesSent);
        count("upwell.broker.bytes.received", "Bytes of MQTT packets received", counters.bytesReceived);
        count("upwell.broker.bytes.sent", "Bytes of MQTT packets sent", counters.bytesSent);
        waiting("upwell.broker.messages.waiting", "Messages in queues", counters.messagesWaiting);
        waiting(
                "upwell.broker.bytes.waiting",
                "Bytes of topics, payloads and properties in queues",
                counters.bytesWaiting);
        count("upwell.broker.messages.unmatched", "Messages without a subscriber", counters.messagesUnmatched);
        count("upwell.broker.retained.expired", "Retained messages that expired", counters.retainedExpired);
        count("upwell.broker.publishes.refused", "PUBLISH packets not allowed", counters.publishesRefused);
        count("upwell.broker.subscriptions.refused", "Topic filters not allowed", counters.subscriptionsRefused);
        count("upwell.broker.protocol.errors", "Connections ended for a fault of the peer", counters.protocolErrors);
        count(
                "upwell.broker.connections.crowded.out",
                "Connections ended since packets that were not complete took too much memory together",
                counters.connectionsCrowdedOut);
        count(
                "upwell.broker.topic.aliases.refused",
                "Connections ended since their topic aliases stand for too long names",
                counters.topicAliasesRefused);
        count("upwell.broker.faults", "Connections ended for a fault of our own", counters.faults);
        for (DropCause cause : DropCause.values()) {
            FunctionCounter.builder("upwell.broker.messages.dropped", counters, all -> all.droppedBy(cause))
                    .description("Messages that did not reach a session that subscribed to them")
                    .tag("cause", cause.label())
                    .register(registry);
        }
        counters.droppedByTenant().onTenant(tenant -> bind(counters.droppedByTenant(), tenant));
    }

    /// Their number is bounded, so labels are too.
    private void bind(TenantDrops drops, String tenant) {
        for (DropCause cause : DropCause.values()) {
            FunctionCounter.builder("upwell.broker.tenant.messages.dropped", drops, all -> all.of(tenant, cause))
                    .description("The same by tenant; tenants beyond the first thousand are counted together")
                    .tag("tenant", tenant)
                    .tag("cause", cause.label())
                    .register(registry);
        }
    }

    void bind(Journal journal) {
        stored("upwell.store.disk.bytes", "Bytes of the store's files", journal, JournalStat::diskBytes);
        stored("upwell.store.live.bytes", "Bytes of them that are still needed", journal, JournalStat::liveBytes);
        stored("upwell.store.messages", "Messages that the store keeps", journal, JournalStat::messages);
        stored("upwell.store.sessions", "Sessions and groups that the store keeps", journal, JournalStat::sessions);
        for (StoreCondition condition : StoreCondition.values()) {
            Gauge.builder("upwell.store.condition", journal, j -> j.condition() == condition ? 1 : 0)
                    .description("1 for the condition that the store is in")
                    .tag("condition", condition.name().toLowerCase(Locale.ROOT))
                    .register(registry);
        }
        total("upwell.store.written.bytes", "Bytes of records written", journal, JournalStat::bytesWritten);
        total("upwell.store.copied.bytes", "Bytes of them copied to win back space", journal, JournalStat::copiedBytes);
        total("upwell.store.syncs", "Times that the disk was waited for", journal, JournalStat::syncs);
        FunctionCounter.builder(
                        "upwell.store.sync.seconds", journal, j -> j.stat().syncNanos() / 1e9)
                .description("Time spent waiting for the disk")
                .register(registry);
    }

    private void stored(String name, String description, Journal journal, ToDoubleFunction<JournalStat> value) {
        Gauge.builder(name, journal, j -> value.applyAsDouble(j.stat()))
                .description(description)
                .register(registry);
    }

    private void total(String name, String description, Journal journal, ToDoubleFunction<JournalStat> value) {
        FunctionCounter.builder(name, journal, j -> value.applyAsDouble(j.stat()))
                .description(description)
                .register(registry);
    }

    void bind(MqttServer server) {
        Gauge.builder("upwell.broker.connections", server, MqttServer::connectionCount)
                .description("Open MQTT connections")
                .register(registry);
    }

    void bind(Gateway gateway) {
        // Names of tenants and access points are bounded, and so are the labels.
        gateway.answers()
                .onLabel((label, counter) -> FunctionCounter.builder("upwell.gateway.answers", counter, LongAdder::sum)
                        .description("Answers by tenant and by access point")
                        .tag("by", spelling(label.dimension()))
                        .tag("name", label.name())
                        .tag("traffic", spelling(label.traffic()))
                        .tag("code", label.code().text)
                        .register(registry));
        for (GatewayEvent event : GatewayEvent.values()) {
            FunctionCounter.builder(
                            "upwell.gateway.events", gateway, g -> g.counters().of(event))
                    .description("Outcomes at the gateway")
                    .tag("event", event.label())
                    .register(registry);
        }
        Gauge.builder("upwell.gateway.devices", gateway, Gateway::registeredDevices)
                .description("Registered devices")
                .register(registry);
        Gauge.builder("upwell.gateway.sessions", gateway, Gateway::openSessions)
                .description("Open sessions of applications")
                .register(registry);
        Gauge.builder("upwell.gateway.connected", gateway, g -> g.isConnected() ? 1 : 0)
                .description("1 while every connection to the broker stands")
                .register(registry);
    }

    private static String spelling(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private void waiting(String name, String description, LongAdder counter) {
        Gauge.builder(name, counter, LongAdder::sum).description(description).register(registry);
    }

    private void count(String name, String description, LongAdder counter) {
        FunctionCounter.builder(name, counter, LongAdder::sum)
                .description(description)
                .register(registry);
    }

    PrometheusMeterRegistry registry() {
        return registry;
    }

    @Override
    public void close() {
        collections.close();
        registry.close();
    }
}
