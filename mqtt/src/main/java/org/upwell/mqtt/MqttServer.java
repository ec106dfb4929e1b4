// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.IllegalReferenceCountException;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.broker.Broker;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.StoreException;
import org.upwell.codec.ReasonCode;

/// Accepts MQTT connections on any number of listeners and drives them on a few event loops, which are also the
/// owners of all sessions. Methods are called on one thread, that of start and stop.
public final class MqttServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(MqttServer.class);

    private static final int BACKLOG = 4096;
    private static final int TLS_HANDSHAKE_SECONDS = 10;
    private static final int GOODBYE_SECONDS = 5;
    private static final int TICKET_KEY_HOURS = 12;

    /// Unwritten bytes of one connection at which deliveries to it wait, and at which they go on.
    private static final WriteBufferWaterMark WATER_MARKS = new WriteBufferWaterMark(64 << 10, 256 << 10);

    /// What is read from a client that sends much, once in a turn of its event loop. More costs less for each byte,
    /// and keeps all others of that loop waiting for longer.
    private static final int MOST_READ_BYTES = 256 << 10;

    private static final int USUAL_READ_BYTES = 2 << 10;
    private static final int LEAST_READ_BYTES = 512;

    /// What parts of packets may take of direct memory, where they are kept; the rest is for all else that is on
    /// its way.
    private static final int UNFINISHED_SHARE_OF_DIRECT = 2;

    /// Of the heap, what QoS 0 messages of slow connections may take together beyond the connections' own room.
    private static final int QOS_0_SHARE_OF_HEAP = 8;

    private final Broker broker;
    private final Transport transport;
    private final EventLoopGroup loops;
    private final IdentityHashMap<EventExecutor, Owner> owners = new IdentityHashMap<>();
    private final ExecutorService hookExecutor = Executors.newVirtualThreadPerTaskExecutor();
    private final HookRegistry hooks = new HookRegistry(hookExecutor);
    private final Set<MqttConnection> connections = ConcurrentHashMap.newKeySet();
    private final ServerContext context;
    private final Map<String, Listening> listening = new LinkedHashMap<>();

    /// A listener that is open.
    private record Listening(Channel channel, @Nullable SslContext tls, Traffic traffic) {}

    /// @param eventLoops number of event loops, at least 1; sensible is the number of processors
    public MqttServer(Broker broker, MqttLimits limits, int eventLoops) {
        this(broker, limits, eventLoops, Transport.best());
    }

    MqttServer(Broker broker, MqttLimits limits, int eventLoops, Transport transport) {
        this.broker = broker;
        this.transport = transport;
        this.loops = new MultiThreadIoEventLoopGroup(
                eventLoops, new DefaultThreadFactory("upwell-loop", false), transport.handlers());
        int number = 0;
        for (EventExecutor executor : loops) {
            owners.put(executor, new Owner("loop-" + number++, new EventLoopOwner((EventLoop) executor)));
        }
        this.context = new ServerContext(
                broker,
                limits,
                hooks,
                connections,
                new SharedRoom(Runtime.getRuntime().maxMemory() / QOS_0_SHARE_OF_HEAP),
                new SharedRoom(limits.maxUnadmittedBytes()),
                new SharedRoom(directMemory() / UNFINISHED_SHARE_OF_DIRECT));
    }

    private static long directMemory() {
        long limit = PlatformDependent.maxDirectMemory();
        return limit > 0 ? limit : Runtime.getRuntime().maxMemory();
    }

    /// Room for parts of packets, of all connections together.
    SharedRoom unfinishedRoom() {
        return context.unfinishedRoom();
    }

    /// The event loops as owners of sessions.
    public List<Owner> owners() {
        return List.copyOf(owners.values());
    }

    /// Where hooks are put in force.
    public HookRegistry hooks() {
        return hooks;
    }

    /// Starts the broker on the event loops, then opens all listeners.
    ///
    /// @throws IOException if a listener cannot be opened; the message names it. Those opened before stay open
    ///     until [#close].
    public void start(List<ListenerConfig> listeners) throws IOException {
        broker.start(owners());
        for (ListenerConfig listener : listeners) {
            listening.put(listener.name(), open(listener));
            LOG.info(
                    "listener {} accepts MQTT{} on {} ({})",
                    listener.name(),
                    listener.tls() == null ? "" : " over TLS",
                    boundAddress(listener.name()),
                    transport.name());
        }
    }

    private Listening open(ListenerConfig listener) throws IOException {
        SslContext tls = listener.tls() == null ? null : tlsContext(listener, listener.tls());
        Traffic traffic = new Traffic(broker.counters());
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loops)
                .channel(transport.serverChannel())
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARKS)
                .childOption(
                        ChannelOption.RECVBUF_ALLOCATOR,
                        new AdaptiveRecvByteBufAllocator(LEAST_READ_BYTES, USUAL_READ_BYTES, MOST_READ_BYTES))
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        initialize(channel, listener, traffic, tls);
                    }
                });
        if (transport.socketBufferBytes() > 0) {
            bootstrap
                    .childOption(ChannelOption.SO_RCVBUF, transport.socketBufferBytes())
                    .childOption(ChannelOption.SO_SNDBUF, transport.socketBufferBytes());
        }
        try {
            Channel channel =
                    bootstrap.bind(listener.bind()).syncUninterruptibly().channel();
            // OpenSSL's part of the context is not the heap's. Connections hold on to it themselves.
            Runnable endTickets = tls == null ? () -> {} : giveTickets(tls, channel.eventLoop());
            channel.closeFuture().addListener(closed -> {
                endTickets.run();
                ReferenceCountUtil.release(tls);
            });
            return new Listening(channel, tls, traffic);
        } catch (Exception e) {
            ReferenceCountUtil.release(tls);
            // Netty throws the checked cause of a failed bind unchecked.
            throw new IOException(
                    "listener " + listener.name() + " cannot bind " + listener.bind() + ": " + e.getMessage(), e);
        }
    }

    /// Lets clients resume TLS sessions, under keys that change. Returns what ends that, on the loop, before the
    /// context is let go.
    private static Runnable giveTickets(SslContext tls, EventLoop loop) {
        if (!(tls.sessionContext() instanceof OpenSslSessionContext sessions)) {
            // The JDK's makes tickets by itself.
            return () -> {};
        }
        SessionTickets tickets = new SessionTickets(sessions);
        tickets.renewKey();
        Future<?> renewing =
                loop.scheduleAtFixedRate(tickets::renewKey, TICKET_KEY_HOURS, TICKET_KEY_HOURS, TimeUnit.HOURS);
        return () -> renewing.cancel(false);
    }

    private static SslContext tlsContext(ListenerConfig listener, ListenerConfig.Tls tls) throws IOException {
        try {
            return SslContextBuilder.forServer(
                            tls.certificateChain().toFile(), tls.privateKey().toFile())
                    .sslProvider(OpenSsl.isAvailable() ? SslProvider.OPENSSL_REFCNT : SslProvider.JDK)
                    .protocols("TLSv1.3", "TLSv1.2")
                    .build();
        } catch (IOException | IllegalArgumentException e) {
            throw new IOException(
                    "listener " + listener.name() + " cannot use certificate " + tls.certificateChain() + " with key "
                            + tls.privateKey() + ": " + e.getMessage(),
                    e);
        }
    }

    /// The pipeline, from the socket inwards: TLS first, since all else is inside it; then the connection, which
    /// frames, decodes and handles in one step, as each further handler would cost a call per packet.
    @SuppressWarnings("FutureReturnValueIgnored") // Nobody waits for the close of a connection that came too late.
    private void initialize(Channel channel, ListenerConfig listener, Traffic traffic, @Nullable SslContext tls) {
        if (tls != null) {
            SslHandler handler;
            try {
                handler = tls.newHandler(channel.alloc());
            } catch (IllegalReferenceCountException e) {
                // Accepted just before the listener closed.
                LOG.debug("a connection of {} came too late", listener.name(), e);
                channel.close();
                return;
            }
            handler.setHandshakeTimeout(TLS_HANDSHAKE_SECONDS, TimeUnit.SECONDS);
            channel.pipeline().addLast("tls", handler);
        }
        Owner owner = Objects.requireNonNull(owners.get(channel.eventLoop()), "unknown event loop");
        MqttConnection connection = new MqttConnection(context, listener, traffic, channel, owner);
        connections.add(connection);
        channel.pipeline().addLast("mqtt", connection);
    }

    /// The address that a listener is bound to, its real port included.
    ///
    /// @throws IllegalArgumentException if there is no open listener of that name
    public InetSocketAddress boundAddress(String listener) {
        return (InetSocketAddress) find(listener).channel.localAddress();
    }

    /// The TLS context of a listener, null if it is plain.
    @Nullable
    SslContext tlsContext(String listener) {
        return find(listener).tls;
    }

    private Listening find(String listener) {
        Listening open = listening.get(listener);
        if (open == null) {
            throw new IllegalArgumentException("no open listener is named " + listener);
        }
        return open;
    }

    public int connectionCount() {
        return connections.size();
    }

    /// Open connections of one listener: looks at each, so for reports. Any thread.
    public long connectionCount(String listener) {
        return connections.stream()
                .filter(connection -> connection.listenerName().equals(listener))
                .count();
    }

    /// Bytes of MQTT packets that came in by one listener. Any thread.
    public long bytesReceived(String listener) {
        return find(listener).traffic.bytesReceived();
    }

    /// Bytes of MQTT packets that went out by one listener. Any thread.
    public long bytesSent(String listener) {
        return find(listener).traffic.bytesSent();
    }

    /// Stops accepting, says goodbye to all clients (MQTT 5: server shutting down), and ends the event loops. Waits
    /// a few seconds at most. The broker itself stays open, for its owner to close.
    @Override
    public void close() {
        if (loops.isShuttingDown()) {
            return;
        }
        listening.values().forEach(open -> open.channel.close().syncUninterruptibly());
        List<MqttConnection> open = new ArrayList<>(connections);
        for (MqttConnection connection : open) {
            connection.owner().execute(() -> connection.disconnect(ReasonCode.SERVER_SHUTTING_DOWN, null));
        }
        // The loops drop their channels as soon as they are told to end, so the goodbyes must be out before.
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(GOODBYE_SECONDS);
        for (MqttConnection connection : open) {
            connection.awaitClosed(Math.max(0, deadline - System.nanoTime()));
        }
        awaitCommits(deadline);
        // Nothing more is to come that a quiet period would be for.
        loops.shutdownGracefully(0, GOODBYE_SECONDS, TimeUnit.SECONDS)
                .awaitUninterruptibly(GOODBYE_SECONDS + 1, TimeUnit.SECONDS);
        hookExecutor.shutdownNow();
    }

    /// What became of a message is told on the loops, and decides into whose queues it goes.
    private void awaitCommits(long deadline) {
        List<Owner> told = owners();
        CountDownLatch pending = new CountDownLatch(told.size());
        for (Owner owner : told) {
            owner.execute(() -> broker.store().sync(new Commit() {
                @Override
                public Owner owner() {
                    return owner;
                }

                @Override
                public void committed() {
                    pending.countDown();
                }

                @Override
                public void failed(StoreException cause) {
                    // The store tells operators itself.
                    pending.countDown();
                }
            }));
        }
        try {
            if (!pending.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                LOG.warn("Stopped before the store had told all that it was given");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
