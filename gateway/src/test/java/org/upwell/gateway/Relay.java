// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// Stands between one client and a server, and may give the client another address towards the server, as a router
/// does that forgot it.
final class Relay implements AutoCloseable {

    private final DatagramSocket inside =
            new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    private final InetSocketAddress server;
    private final CopyOnWriteArrayList<DatagramSocket> outsides = new CopyOnWriteArrayList<>();
    private final AtomicBoolean holdsNext = new AtomicBoolean();
    private final BlockingQueue<DatagramPacket> held = new LinkedBlockingQueue<>();
    private volatile @Nullable SocketAddress client;

    Relay(InetSocketAddress server) throws IOException {
        this.server = server;
        changeAddress();
        Thread.ofVirtual().start(() -> pump(inside));
    }

    InetSocketAddress address() {
        return (InetSocketAddress) inside.getLocalSocketAddress();
    }

    /// What the server sees of the client from now on.
    InetSocketAddress changeAddress() throws IOException {
        DatagramSocket outside = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        outsides.addFirst(outside);
        Thread.ofVirtual().start(() -> pump(outside));
        return (InetSocketAddress) outside.getLocalSocketAddress();
    }

    /// Lets the client's next datagram wait.
    void holdNext() {
        holdsNext.set(true);
    }

    /// The datagram that waits, as soon as it does.
    DatagramPacket held() throws InterruptedException {
        return held.take();
    }

    void pass(DatagramPacket packet) throws IOException {
        outsides.getFirst().send(packet);
    }

    private void pump(DatagramSocket from) {
        try {
            DatagramPacket packet = new DatagramPacket(new byte[4096], 4096);
            while (!from.isClosed()) {
                packet.setLength(4096);
                from.receive(packet);
                if (from.equals(inside)) {
                    client = packet.getSocketAddress();
                    packet.setSocketAddress(server);
                    if (holdsNext.compareAndSet(true, false)) {
                        held.add(new DatagramPacket(packet.getData().clone(), packet.getLength(), server));
                    } else {
                        pass(packet);
                    }
                } else if (client != null && from.equals(outsides.getFirst())) {
                    packet.setSocketAddress(client);
                    inside.send(packet);
                }
            }
        } catch (IOException fault) {
            if (!from.isClosed()) {
                throw new UncheckedIOException(fault);
            }
        }
    }

    @Override
    public void close() {
        inside.close();
        outsides.forEach(DatagramSocket::close);
    }
}
