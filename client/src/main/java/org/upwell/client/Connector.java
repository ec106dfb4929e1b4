// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Opens the socket: looks the host name up, tries its addresses one after the other, sets TLS up. Look-ups and files
/// are read on a thread of their own, the rest runs on the event loop.
final class Connector {

    private static final WriteBufferWaterMark WATER_MARKS = new WriteBufferWaterMark(256 << 10, 512 << 10);

    /// What must be known before the socket can be opened.
    private record Prepared(
            InetAddress[] addresses, @Nullable SslContext ssl) {}

    private final ClientOptions options;
    private final EventLoop loop;
    /// Kept over reconnects, since it also keeps TLS sessions to resume.
    private volatile @Nullable SslContext ssl;

    Connector(ClientOptions options, EventLoop loop) {
        this.options = options;
        this.loop = loop;
    }

    /// Completes on the event loop with a channel in whose pipeline is a connection of `connections`, which reports
    /// everything further; or fails with an [MqttException].
    CompletionStage<Channel> open(Supplier<ClientConnection> connections) {
        CompletableFuture<Channel> opened = new CompletableFuture<>();
        CompletableFuture<Prepared> prepared = new CompletableFuture<>();
        Thread.ofVirtual().name("upwell-client-resolve").start(() -> {
            try {
                prepared.complete(prepare());
            } catch (IOException | RuntimeException e) {
                prepared.completeExceptionally(e);
            }
        });
        var _ = prepared.whenCompleteAsync(
                (ready, fault) -> {
                    if (ready == null) {
                        opened.completeExceptionally(notOpened(fault));
                    } else {
                        tryAddress(ready, 0, connections, opened);
                    }
                },
                loop);
        return opened;
    }

    private Prepared prepare() throws IOException {
        ClientTls tls = options.tls();
        if (tls != null && ssl == null) {
            ssl = tls.context();
        }
        return new Prepared(InetAddress.getAllByName(options.host()), ssl);
    }

    private void tryAddress(
            Prepared prepared, int index, Supplier<ClientConnection> connections, CompletableFuture<Channel> opened) {
        Bootstrap bootstrap = new Bootstrap()
                .group(loop)
                .channel(Transport.channelClass(loop))
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.SO_KEEPALIVE, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, connectTimeoutMillis())
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARKS)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        SslContext context = prepared.ssl;
                        if (context != null) {
                            channel.pipeline()
                                    .addLast(context.newHandler(channel.alloc(), options.host(), options.port()));
                        }
                        channel.pipeline().addLast(connections.get());
                    }
                });
        ChannelFuture connecting = bootstrap.connect(new InetSocketAddress(prepared.addresses[index], options.port()));
        connecting.addListener(done -> {
            if (done.isSuccess()) {
                opened.complete(connecting.channel());
            } else if (index + 1 < prepared.addresses.length) {
                tryAddress(prepared, index + 1, connections, opened);
            } else {
                opened.completeExceptionally(notOpened(done.cause()));
            }
        });
    }

    private int connectTimeoutMillis() {
        return (int) Math.min(options.connectTimeout().toMillis(), Integer.MAX_VALUE);
    }

    private MqttException notOpened(@Nullable Throwable fault) {
        Throwable cause = fault instanceof CompletionException && fault.getCause() != null ? fault.getCause() : fault;
        String where = options.host() + ":" + options.port();
        if (cause instanceof UnknownHostException) {
            return MqttException.lost("cannot connect to " + where + ": unknown host", cause);
        }
        String why = cause == null ? "unknown cause" : cause.getMessage();
        return MqttException.lost("cannot connect to " + where + ": " + why, cause);
    }
}
