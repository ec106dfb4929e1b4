// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One thread that reads the sockets of many NICs, where Californium's own connector would spend two threads on each.
/// Sending happens on the caller's thread.
final class UdpSelector implements AutoCloseable {
    /// Takes what arrived on one socket; on the selector's thread, must not block.
    interface Receiver {
        void onDatagram(byte[] bytes, InetSocketAddress source);
    }

    private record Pending(DatagramChannel channel, Receiver receiver) {}

    private static final Logger LOG = LoggerFactory.getLogger(UdpSelector.class);
    private static final int MAX_DATAGRAM_BYTES = 2_048;

    private final Selector selector;
    private final ConcurrentLinkedQueue<Pending> pending = new ConcurrentLinkedQueue<>();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(MAX_DATAGRAM_BYTES);

    UdpSelector(String name) throws IOException {
        selector = Selector.open();
        Thread thread = new Thread(this::run, name);
        thread.setDaemon(true);
        thread.start();
    }

    /// A bound socket whose datagrams go to the receiver from now on; closing it is enough to end that.
    DatagramChannel open(InetSocketAddress bind, Receiver receiver) throws IOException {
        DatagramChannel channel = DatagramChannel.open();
        try {
            channel.configureBlocking(false);
            channel.bind(bind);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        pending.add(new Pending(channel, receiver));
        selector.wakeup();
        return channel;
    }

    @Override
    public void close() {
        try {
            selector.close();
        } catch (IOException e) {
            LOG.debug("selector did not close cleanly", e);
        }
    }

    private void run() {
        try {
            while (selector.isOpen()) {
                selector.select(this::receive);
                registerPending();
            }
        } catch (ClosedSelectorException _) {
            // The end.
        } catch (IOException e) {
            LOG.error("network selector failed, its NICs are deaf", e);
        }
    }

    private void registerPending() throws IOException {
        for (Pending next = pending.poll(); next != null; next = pending.poll()) {
            if (next.channel().isOpen()) {
                next.channel().register(selector, SelectionKey.OP_READ, next.receiver());
            }
        }
    }

    private void receive(SelectionKey key) {
        DatagramChannel channel = (DatagramChannel) key.channel();
        Receiver receiver = (Receiver) key.attachment();
        try {
            for (SocketAddress source = next(channel); source != null; source = next(channel)) {
                buffer.flip();
                byte[] bytes = new byte[buffer.remaining()];
                buffer.get(bytes);
                receiver.onDatagram(bytes, (InetSocketAddress) source);
            }
        } catch (IOException e) {
            LOG.debug("receiving failed", e);
        } catch (RuntimeException e) {
            LOG.error("a datagram broke its receiver", e);
        }
    }

    private @Nullable SocketAddress next(DatagramChannel channel) throws IOException {
        buffer.clear();
        return channel.isOpen() ? channel.receive(buffer) : null;
    }
}
