// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.core.config.CoapConfig.TrackerMode;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.core.network.Endpoint;
import org.eclipse.californium.core.server.MessageDeliverer;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.config.SystemConfig;

/// The CoAP machinery that the NICs of one process share: threads, selector and settings. Thread-safe.
public final class CoapRuntime implements AutoCloseable {
    private static final int MAX_PEERS = 64;
    private static final int MAX_OBSERVES = 64;
    /// Gives up after 14–21 s; the NIC then begins anew with a fresh message ID.
    private static final int MAX_RETRANSMIT = 2;

    private static final Duration CONFIRMABLE_PATIENCE = Duration.ofSeconds(60);
    private static final Duration NON_CONFIRMABLE_PATIENCE = Duration.ofSeconds(10);

    private final Configuration configuration = configuration();
    private final UdpSelector selector;
    private final ScheduledExecutorService protocol;
    private final ScheduledThreadPoolExecutor timers;
    private volatile BooleanSupplier air = () -> true;

    /// @param threads for CoAP work; two suffice for some thousand NICs
    public CoapRuntime(int threads) throws IOException {
        selector = new UdpSelector("nic-udp");
        protocol = Executors.newScheduledThreadPool(threads, daemons("nic-coap"));
        timers = new ScheduledThreadPoolExecutor(1, daemons("nic-coap-timer"));
        timers.setRemoveOnCancelPolicy(true);
    }

    /// For simulation: what decides about each datagram of these NICs, either way, whether it comes through. Called on
    /// any thread.
    public void air(BooleanSupplier passes) {
        air = passes;
    }

    /// How long an answer from the gateway is waited for. A confirmable request may be acknowledged at once and
    /// answered much later; a lost non-confirmable one is never repeated below.
    static Duration answerPatience(boolean confirmable) {
        return confirmable ? CONFIRMABLE_PATIENCE : NON_CONFIRMABLE_PATIENCE;
    }

    /// A started endpoint on a socket of its own.
    Endpoint open(InetSocketAddress bind, MessageDeliverer deliverer) throws IOException {
        CoapEndpoint endpoint = CoapEndpoint.builder()
                .setConfiguration(configuration)
                .setCoapStackFactory(new NicStack.Factory())
                .setConnector(new SharedUdpConnector(selector, bind, () -> air.getAsBoolean()))
                .build();
        endpoint.setExecutors(protocol, timers);
        endpoint.setMessageDeliverer(deliverer);
        endpoint.start();
        return endpoint;
    }

    Configuration settings() {
        return configuration;
    }

    @Override
    public void close() {
        selector.close();
        protocol.shutdownNow();
        timers.shutdownNow();
    }

    private static Configuration configuration() {
        CoapConfig.register();
        SystemConfig.register();
        return Configuration.createStandardWithoutFile()
                .set(CoapConfig.MAX_ACTIVE_PEERS, MAX_PEERS)
                .set(CoapConfig.MAX_SERVER_OBSERVES, MAX_OBSERVES)
                .set(CoapConfig.MAX_RETRANSMIT, MAX_RETRANSMIT)
                .set(CoapConfig.MID_TRACKER, TrackerMode.NULL)
                .set(CoapConfig.PROTOCOL_STAGE_THREAD_COUNT, 1)
                .set(CoapConfig.NOTIFICATION_CHECK_INTERVAL_COUNT, 10)
                .set(CoapConfig.NOTIFICATION_CHECK_INTERVAL_TIME, 5, TimeUnit.MINUTES);
    }

    private static ThreadFactory daemons(String name) {
        return task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        };
    }
}
