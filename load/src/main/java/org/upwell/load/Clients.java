// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.upwell.codec.Connect;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;

/// Makes and ends the connections of a run, some at a time, and keeps them alive. Made and used on any thread but
/// the loop's, where its work is done.
final class Clients {
    /// More connections than this from one address would use up its ports.
    private static final int CONNECTIONS_PER_ADDRESS = 20_000;

    private static final WriteBufferWaterMark WATER_MARKS = new WriteBufferWaterMark(256 << 10, 512 << 10);
    private static final long SESSION_EXPIRY_SECONDS = 3600;

    private final LoadTarget target;
    private final LoadLoop loop;
    private final InetSocketAddress address;
    private final @Nullable SslContext tls;
    private final String name;
    private final List<LoadConnection> alive = new ArrayList<>();
    private final Handshakes handshakes = new Handshakes();
    private int made;

    /// @param name of the run, which all client ids begin with
    Clients(LoadTarget target, LoadLoop loop, String name) throws LoadException {
        this.target = target;
        this.loop = loop;
        this.name = name;
        this.address = target.resolve();
        this.tls = target.tls() == null ? null : target.tls().context();
        if (target.keepAliveSeconds() > 0) {
            long nanos = TimeUnit.SECONDS.toNanos(target.keepAliveSeconds());
            var _ = loop.executor()
                    .scheduleAtFixedRate(() -> pingIdle(nanos / 2), nanos / 4, nanos / 4, TimeUnit.NANOSECONDS);
        }
    }

    private void pingIdle(long afterNanos) {
        long now = System.nanoTime();
        alive.removeIf(LoadConnection::isOver);
        for (LoadConnection each : alive) {
            each.pingIfIdle(now, afterNanos);
        }
    }

    Handshakes handshakes() {
        return handshakes;
    }

    boolean usesTls() {
        return tls != null;
    }

    /// New connections of one kind, not opened yet.
    ///
    /// @param kind a letter; the same kind and number have the same client id
    /// @param persistent whether the session outlives the connection
    /// @param clean whether a session of before is thrown away
    List<LoadConnection> make(char kind, int count, boolean persistent, boolean clean, LoadConnection.Events events) {
        List<LoadConnection> connections = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            connections.add(new LoadConnection(loop, i, connectPacket(kind, i, persistent, clean), events));
        }
        return connections;
    }

    private Connect connectPacket(char kind, int number, boolean persistent, boolean clean) {
        Logins.Login login = target.logins().of(number);
        Properties properties = persistent && target.version().isMqtt5()
                ? Properties.builder()
                        .integer(Property.SESSION_EXPIRY_INTERVAL, SESSION_EXPIRY_SECONDS)
                        .build()
                : Properties.NONE;
        return new Connect(
                target.version(),
                name + kind + number,
                // In 3.x a session that began clean also ends with its connection ([MQTT3-3.1.2-6]).
                !persistent || (clean && target.version().isMqtt5()),
                target.keepAliveSeconds(),
                null,
                login.userName(),
                login.password(),
                properties);
    }

    /// Opens all; done when each is open or has failed.
    CompletableFuture<Connecting> open(List<LoadConnection> connections) {
        Connecting connecting = new Connecting(connections, target.connectsAtOnce(), this::start);
        loop.executor().execute(connecting::begin);
        return connecting.done();
    }

    /// Opens all, or fails with the first that could not be opened.
    Connecting openAll(List<LoadConnection> connections, LoadSettings settings, String what)
            throws LoadException, InterruptedException {
        Connecting connected = loop.await(open(connections), settings.phase().toMillis(), "connecting " + what);
        String failure = connected.firstFailure();
        if (failure != null) {
            throw new LoadException("cannot connect " + what + ": " + failure);
        }
        return connected;
    }

    private void start(LoadConnection connection, LoadConnection.Opening opening) {
        Channel channel = loop.newChannel();
        channel.config().setOption(ChannelOption.TCP_NODELAY, true);
        channel.config().setOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                target.patience().toMillis());
        channel.config().setOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARKS);
        channel.config().setOption(ChannelOption.RECVBUF_ALLOCATOR, ReadBuffers.INSTANCE);
        if (tls != null) {
            // A session is looked up by the name of its peer: who is to make full handshakes names none.
            boolean named = target.tls() != null
                    && (target.tls().resume() || target.tls().verifyHostName());
            SslHandler handler = named
                    ? tls.newHandler(channel.alloc(), target.host(), target.port())
                    : tls.newHandler(channel.alloc());
            handler.setHandshakeTimeoutMillis(target.patience().toMillis());
            handler.handshakeFuture().addListener(_ -> handshakes.done(handler.engine()));
            channel.pipeline().addLast(handler);
        }
        channel.pipeline().addLast(connection);
        connection.opening(channel, opening);
        alive.add(connection);
        var _ = loop.executor().register(channel);
        var _ = loop.executor()
                .schedule(
                        () -> connection.timedOut(target.patience()),
                        target.patience().toMillis(),
                        TimeUnit.MILLISECONDS);
        channel.connect(address, localAddress(made++)).addListener(done -> {
            if (!done.isSuccess()) {
                connection.fail(String.valueOf(done.cause().getMessage()));
            }
        });
    }

    /// Null leaves the choice to the system, which one loopback address suffices for in most runs.
    private @Nullable InetSocketAddress localAddress(int connection) {
        int which = connection / CONNECTIONS_PER_ADDRESS;
        byte[] bytes = address.getAddress().getAddress();
        if (which == 0 || bytes.length != 4 || bytes[0] != 127) {
            return null;
        }
        try {
            return new InetSocketAddress(
                    InetAddress.getByAddress(new byte[] {127, 0, (byte) (1 + which / 250), (byte) (1 + which % 250)}),
                    0);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("four bytes are an address", e);
        }
    }

    /// Says goodbye on all and waits, a bounded time, until they are closed.
    void leave(List<LoadConnection> connections) throws LoadException, InterruptedException {
        CompletableFuture<Boolean> gone = new CompletableFuture<>();
        loop.run(() -> {
            connections.forEach(LoadConnection::leave);
            checkGone(connections, gone, System.nanoTime() + TimeUnit.SECONDS.toNanos(3));
        });
        loop.await(gone, 30_000, "closing the connections");
    }

    private void checkGone(List<LoadConnection> connections, CompletableFuture<Boolean> gone, long deadline) {
        boolean late = System.nanoTime() - deadline > 0;
        if (late) {
            connections.forEach(LoadConnection::drop);
        }
        if (late || connections.stream().allMatch(LoadConnection::isOver)) {
            gone.complete(true);
        } else {
            var _ = loop.executor().schedule(() -> checkGone(connections, gone, deadline), 5, TimeUnit.MILLISECONDS);
        }
    }
}
