// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SelectStrategyFactory;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.upwell.codec.PacketDecoder;

/// The one thread on which all connections of a run live, so that counting needs no locks and costs next to
/// nothing.
///
/// ```text
/// Idea    What is to be sent is gathered while the sockets that are ready are read, one after the other, and leaves
///         at the end of that batch: one write per connection however many packets it has.
/// Bounds  One processor. On a machine with many, several generators side by side make more load than one.
/// ```
final class LoadLoop implements AutoCloseable {
    private final Coalescing coalescing = new Coalescing();
    private final MultiThreadIoEventLoopGroup group;
    private final EventLoop loop;
    private final boolean epoll = Epoll.isAvailable();
    /// Reads the packets that come seldom; keeps nothing between two of them.
    private final PacketDecoder decoder;

    private final List<Runnable> batchEnds = new ArrayList<>();
    private final Runnable batchEnd = this::endBatch;
    private List<LoadConnection> unflushed = new ArrayList<>();
    private List<LoadConnection> flushing = new ArrayList<>();
    private boolean batchEndDue;

    LoadLoop(LoadTarget target) {
        SelectStrategyFactory strategy = () -> coalescing;
        IoHandlerFactory handlers = epoll
                ? EpollIoHandler.newFactory(0, strategy)
                : NioIoHandler.newFactory(SelectorProvider.provider(), strategy);
        this.group = new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("upwell-load", true), handlers);
        this.loop = group.next();
        this.decoder = new PacketDecoder(PacketDecoder.Receiver.CLIENT, Integer.MAX_VALUE);
        decoder.version(target.version());
    }

    Coalescing coalescing() {
        return coalescing;
    }

    EventLoop executor() {
        return loop;
    }

    PacketDecoder decoder() {
        return decoder;
    }

    Channel newChannel() {
        return epoll ? new EpollSocketChannel() : new NioSocketChannel();
    }

    /// On the loop: `task` runs at the end of every batch, before what it wrote is flushed.
    void atBatchEnd(Runnable task) {
        batchEnds.add(task);
    }

    /// On the loop: this batch has an end to it.
    void needBatchEnd() {
        if (!batchEndDue) {
            batchEndDue = true;
            loop.execute(batchEnd);
        }
    }

    /// On the loop: the connection has something to send.
    void needFlush(LoadConnection connection) {
        unflushed.add(connection);
        needBatchEnd();
    }

    private void endBatch() {
        batchEndDue = false;
        for (Runnable each : batchEnds) {
            each.run();
        }
        List<LoadConnection> now = unflushed;
        unflushed = flushing;
        flushing = now;
        for (int i = 0; i < now.size(); i++) {
            now.get(i).flush();
        }
        now.clear();
    }

    /// Runs `task` on the loop and waits for it. Not on the loop.
    <T> T call(Callable<T> task) throws LoadException, InterruptedException {
        CompletableFuture<T> done = new CompletableFuture<>();
        loop.execute(() -> {
            try {
                done.complete(task.call());
            } catch (Exception e) {
                done.completeExceptionally(e);
            }
        });
        return await(done, 60_000, "an answer of the event loop");
    }

    /// As above, for what gives nothing back.
    void run(Runnable task) throws LoadException, InterruptedException {
        call(() -> {
            task.run();
            return Boolean.TRUE;
        });
    }

    /// Waits for what the loop will complete. Not on the loop.
    ///
    /// @param what for the message if it does not come
    <T> T await(CompletableFuture<T> future, long millis, String what) throws LoadException, InterruptedException {
        try {
            return future.get(millis, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new LoadException("no end within " + millis / 1000 + " s: " + what, e);
        } catch (ExecutionException | CompletionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof LoadException known) {
                throw new LoadException(String.valueOf(known.getMessage()), known);
            }
            throw new LoadException(what + " failed: " + cause, e);
        }
    }

    /// Waits without doing anything, while the loop goes on. Not on the loop.
    void settle(long millis) throws LoadException, InterruptedException {
        CompletableFuture<Boolean> over = new CompletableFuture<>();
        var _ = loop.schedule(() -> over.complete(true), millis, TimeUnit.MILLISECONDS);
        await(over, millis + 30_000, "a pause");
    }

    @Override
    public void close() {
        coalescing.pause(0);
        group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
    }
}
