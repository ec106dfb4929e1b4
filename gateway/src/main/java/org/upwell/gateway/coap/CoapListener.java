// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.coap;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.core.network.Endpoint;
import org.eclipse.californium.core.network.interceptors.MessageInterceptor;
import org.eclipse.californium.core.observe.NotificationListener;
import org.eclipse.californium.core.server.MessageDeliverer;
import org.eclipse.californium.elements.Connector;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.config.SystemConfig;
import org.eclipse.californium.elements.config.UdpConfig;
import org.eclipse.californium.elements.util.ExecutorsUtil;
import org.jspecify.annotations.Nullable;
import org.upwell.gateway.dtls.DtlsSessionConnector;
import org.upwell.gateway.dtls.DtlsSettings;
import org.upwell.gateway.event.GatewayCounters;
import org.upwell.gateway.event.GatewayEvent;

/// The CoAP endpoints of one listener, started and stopped together.
///
/// A wildcard bind opens one endpoint for each address of the machine: a socket that is bound to the wildcard lets
/// the system choose the source of an answer, and clients take answers only from the address that they asked (field
/// protocol §4). Addresses that the machine gets later are not seen until the next start.
///
/// The protocol stage of a listener is one thread, which handlers must not block; so datagrams are handled in the
/// order in which they came in. What waits for it is bounded: beyond that, datagrams are dropped and counted, and
/// their senders, who got no acknowledgement, send them again more slowly.
public final class CoapListener implements AutoCloseable {

    private static final int PORT_ATTEMPTS = 20;
    private static final long STOP_MILLIS = 2_000;

    /// Tasks that may wait for the protocol stage, of which each datagram makes some.
    private static final int MAX_BACKLOG = 20_000;

    private static final long SWEEP_SECONDS = 10;

    /// For bursts such as a power failure, in both directions; the system may grant less.
    private static final int SOCKET_BUFFER_BYTES = 4 << 20;

    private final Plan plan;
    private final ProtocolStage stage;
    private final List<CoapEndpoint> endpoints = new ArrayList<>();
    private final List<CoapEndpoint> secured = new ArrayList<>();
    private final List<RecentMessages> recent = new CopyOnWriteArrayList<>();
    private @Nullable Future<?> sweeps;

    /// What a listener is made of.
    ///
    /// @param name for threads and logs
    /// @param configuration see [#configuration(CoapTimes)]
    /// @param networks where datagrams may come from; null if from anywhere
    /// @param recentOfPeer how many messages of a peer are remembered to tell repeats ([RecentMessages]), without
    ///     DTLS
    /// @param recentBytes what those of all peers at one address of ours may take
    public record Plan(
            String name,
            Configuration configuration,
            @Nullable Networks networks,
            int recentOfPeer,
            long recentBytes,
            GatewayCounters counters) {}

    private CoapListener(Plan plan) {
        this.plan = plan;
        this.stage = new ProtocolStage("coap-" + plan.name + "-");
    }

    /// Settings that owe nothing to files or system properties.
    public static Configuration configuration(CoapTimes times) {
        Configuration configuration =
                new Configuration(CoapConfig.DEFINITIONS, UdpConfig.DEFINITIONS, SystemConfig.DEFINITIONS);
        configuration.set(CoapConfig.ACK_TIMEOUT, times.ackTimeout().toMillis(), TimeUnit.MILLISECONDS);
        configuration.set(CoapConfig.MAX_RETRANSMIT, times.maxRetransmit());
        configuration.set(CoapConfig.NOTIFICATION_CHECK_INTERVAL_COUNT, times.confirmEvery());
        configuration.set(
                CoapConfig.NOTIFICATION_CHECK_INTERVAL_TIME,
                times.confirmAfter().toMillis(),
                TimeUnit.MILLISECONDS);
        configuration.set(UdpConfig.UDP_RECEIVER_THREAD_COUNT, 1);
        configuration.set(UdpConfig.UDP_SENDER_THREAD_COUNT, 1);
        configuration.set(UdpConfig.UDP_RECEIVE_BUFFER_SIZE, SOCKET_BUFFER_BYTES);
        configuration.set(UdpConfig.UDP_SEND_BUFFER_SIZE, SOCKET_BUFFER_BYTES);
        // The library keeps whole exchanges; see RecentMessages.
        configuration.set(CoapConfig.DEDUPLICATOR, CoapConfig.NO_DEDUPLICATOR);
        // The range above would be kept for multicast requests, which we never send.
        configuration.set(CoapConfig.MULTICAST_BASE_MID, 0);
        return configuration;
    }

    /// Binds and starts. Port 0 takes a free port, the same for all addresses.
    ///
    /// @param timer for rare tasks of the endpoints; not owned
    /// @throws IOException naming the address that could not be bound
    public static CoapListener open(
            Plan plan, InetSocketAddress bind, MessageDeliverer deliverer, ScheduledExecutorService timer)
            throws IOException {
        CoapListener listener = new CoapListener(plan);
        try {
            listener.start(bind, deliverer, timer);
            listener.beginSweeps(timer);
            return listener;
        } catch (IOException fault) {
            listener.close();
            throw new IOException(
                    "cannot bind " + plan.name + " listener to " + bind + ": " + fault.getMessage(), fault);
        }
    }

    private static int seconds() {
        return (int) TimeUnit.NANOSECONDS.toSeconds(System.nanoTime());
    }

    private void beginSweeps(ScheduledExecutorService timer) {
        sweeps = timer.scheduleWithFixedDelay(
                () -> recent.forEach(RecentMessages::sweep), SWEEP_SECONDS, SWEEP_SECONDS, TimeUnit.SECONDS);
    }

    private void start(InetSocketAddress bind, MessageDeliverer deliverer, ScheduledExecutorService timer)
            throws IOException {
        List<InetAddress> addresses =
                bind.getAddress().isAnyLocalAddress() ? localAddresses() : List.of(bind.getAddress());
        for (int attempt = 1; ; attempt++) {
            try {
                int port = bind.getPort();
                for (InetAddress address : addresses) {
                    port = startOne(new InetSocketAddress(address, port), deliverer, timer);
                }
                return;
            } catch (IOException fault) {
                // A port that is free on the first address may be taken on another.
                if (bind.getPort() != 0 || addresses.size() == 1 || attempt == PORT_ATTEMPTS) {
                    throw fault;
                }
                destroyEndpoints();
            }
        }
    }

    private int startOne(InetSocketAddress address, MessageDeliverer deliverer, ScheduledExecutorService timer)
            throws IOException {
        GuardedConnector connector = new GuardedConnector(address, plan, this::isOverloaded, recent());
        int port = startOn(connector, plan.configuration, endpoints, deliverer, timer);
        connector.watch().tell(endpoints.getLast().getInterceptors());
        return port;
    }

    private RecentMessages recent() {
        long lifeMillis = plan.configuration.get(CoapConfig.EXCHANGE_LIFETIME, TimeUnit.MILLISECONDS);
        RecentMessages messages = new RecentMessages(
                plan.recentOfPeer, plan.recentBytes, Duration.ofMillis(lifeMillis), CoapListener::seconds);
        recent.add(messages);
        return messages;
    }

    private boolean isOverloaded() {
        return stage.backlog() >= MAX_BACKLOG;
    }

    /// Opens a further port of this listener, for datagrams under DTLS, handled on the same stage. To be called
    /// before [#addInterceptor].
    ///
    /// @param onPeerGone told on the stage, after all that came from that peer, that its DTLS session is over
    /// @throws IOException naming the address that could not be bound
    public void openSecured(
            DtlsSettings dtls,
            InetSocketAddress bind,
            MessageDeliverer deliverer,
            Consumer<InetSocketAddress> onPeerGone,
            ScheduledExecutorService timer)
            throws IOException {
        Configuration configuration = new Configuration(plan.configuration);
        // Peers here have shown who they are, and their number is bounded.
        configuration.set(CoapConfig.DEDUPLICATOR, CoapConfig.DEDUPLICATOR_PEERS_MARK_AND_SWEEP);
        configuration.set(CoapConfig.PEERS_MARK_AND_SWEEP_MESSAGES, plan.recentOfPeer);
        try {
            int port = bind.getPort();
            for (InetAddress address :
                    bind.getAddress().isAnyLocalAddress() ? localAddresses() : List.of(bind.getAddress())) {
                Connector connector = new DtlsSessionConnector(
                        new InetSocketAddress(address, port),
                        dtls,
                        this::isOverloaded,
                        () -> plan.counters.count(GatewayEvent.DATAGRAM_OVERLOAD_DROPPED),
                        peer -> onStage(() -> onPeerGone.accept(peer)));
                port = startOn(connector, configuration, secured, deliverer, timer);
            }
        } catch (IOException fault) {
            throw new IOException(
                    "cannot bind " + plan.name + " listener for DTLS to " + bind + ": " + fault.getMessage(), fault);
        }
    }

    private void onStage(Runnable task) {
        try {
            stage.execute(task);
        } catch (RejectedExecutionException _) {
            // The listener is being closed, and what it would have ended ends with the process.
        }
    }

    private int startOn(
            Connector connector,
            Configuration configuration,
            List<CoapEndpoint> started,
            MessageDeliverer deliverer,
            ScheduledExecutorService timer)
            throws IOException {
        CoapEndpoint endpoint = new CoapEndpoint.Builder()
                .setConfiguration(configuration)
                .setConnector(connector)
                .setOptionRegistry(new OpenOptionRegistry())
                .setLoggingTag(plan.name)
                .build();
        endpoint.setExecutors(stage, timer);
        endpoint.setMessageDeliverer(deliverer);
        started.add(endpoint);
        endpoint.start();
        return endpoint.getAddress().getPort();
    }

    private static List<InetAddress> localAddresses() throws SocketException {
        List<InetAddress> addresses = new ArrayList<>();
        for (NetworkInterface network : Collections.list(NetworkInterface.getNetworkInterfaces())) {
            if (network.isUp()) {
                addresses.addAll(Collections.list(network.getInetAddresses()));
            }
        }
        return addresses;
    }

    public void onNotification(NotificationListener listener) {
        endpoints.forEach(endpoint -> endpoint.addNotificationListener(listener));
    }

    public void addInterceptor(MessageInterceptor interceptor) {
        endpoints.forEach(endpoint -> endpoint.addInterceptor(interceptor));
        secured.forEach(endpoint -> endpoint.addInterceptor(interceptor));
    }

    /// The endpoint at an address of this machine; one of the same family, or any, if there is none any more.
    public Endpoint endpointAt(InetAddress address) {
        Endpoint best = endpoints.getFirst();
        for (CoapEndpoint endpoint : endpoints) {
            InetAddress own = endpoint.getAddress().getAddress();
            if (own.equals(address)) {
                return endpoint;
            }
            if (own.getAddress().length == address.getAddress().length
                    && best.getAddress().getAddress().getAddress().length != address.getAddress().length) {
                best = endpoint;
            }
        }
        return best;
    }

    /// Handles a datagram as if it had just come in at one of this machine's addresses.
    public void receive(InetAddress local, InetSocketAddress from, byte[] datagram) {
        if (endpointAt(local) instanceof CoapEndpoint endpoint
                && endpoint.getConnector() instanceof GuardedConnector connector) {
            connector.receive(from, datagram);
        }
    }

    /// Where the listener can be reached.
    public List<InetSocketAddress> addresses() {
        return endpoints.stream().map(CoapEndpoint::getAddress).toList();
    }

    /// Where it can be reached with DTLS; nowhere if it was not opened.
    public List<InetSocketAddress> securedAddresses() {
        return secured.stream().map(CoapEndpoint::getAddress).toList();
    }

    @Override
    public void close() {
        if (sweeps != null) {
            sweeps.cancel(false);
        }
        secured.forEach(CoapEndpoint::destroy);
        secured.clear();
        destroyEndpoints();
        ExecutorsUtil.shutdownExecutorGracefully(STOP_MILLIS, stage);
    }

    private void destroyEndpoints() {
        endpoints.forEach(CoapEndpoint::destroy);
        endpoints.clear();
        recent.clear();
    }
}
