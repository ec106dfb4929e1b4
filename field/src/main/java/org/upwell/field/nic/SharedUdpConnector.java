// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.function.BooleanSupplier;
import org.eclipse.californium.elements.Connector;
import org.eclipse.californium.elements.EndpointContext;
import org.eclipse.californium.elements.EndpointContextMatcher;
import org.eclipse.californium.elements.RawData;
import org.eclipse.californium.elements.RawDataChannel;
import org.eclipse.californium.elements.UdpEndpointContext;
import org.eclipse.californium.elements.exception.EndpointMismatchException;
import org.jspecify.annotations.Nullable;

/// Californium's view of one socket of a [UdpSelector]. Thread-safe: a datagram socket may be written from
/// anywhere.
final class SharedUdpConnector implements Connector {
    private final UdpSelector selector;
    private final InetSocketAddress bind;
    private volatile @Nullable DatagramChannel channel;
    private volatile @Nullable RawDataChannel receiver;
    private final BooleanSupplier air;
    private volatile @Nullable EndpointContextMatcher matcher;
    private volatile InetSocketAddress address;

    /// @param air asked for each datagram, either way, whether it comes through
    SharedUdpConnector(UdpSelector selector, InetSocketAddress bind, BooleanSupplier air) {
        this.selector = selector;
        this.air = air;
        this.bind = bind;
        this.address = bind;
    }

    @Override
    public synchronized void start() throws IOException {
        if (channel == null) {
            DatagramChannel opened = selector.open(bind, this::receive);
            address = (InetSocketAddress) opened.getLocalAddress();
            channel = opened;
        }
    }

    @Override
    public synchronized void stop() {
        DatagramChannel open = channel;
        channel = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException _) {
                // The socket is given up either way.
            }
        }
    }

    @Override
    public void destroy() {
        stop();
        receiver = null;
    }

    @Override
    public void send(RawData message) {
        DatagramChannel open = channel;
        if (open == null) {
            message.onError(new IOException("the socket is closed"));
            return;
        }
        EndpointContext context = new UdpEndpointContext(message.getInetSocketAddress());
        EndpointContextMatcher present = matcher;
        if (present != null && !present.isToBeSent(message.getEndpointContext(), context)) {
            message.onError(new EndpointMismatchException("UDP"));
            return;
        }
        try {
            message.onContextEstablished(context);
            // Nothing sent means that the socket's buffer is full: lost like any datagram, and repeated like any.
            if (air.getAsBoolean()) {
                open.send(ByteBuffer.wrap(message.getBytes()), message.getInetSocketAddress());
            }
            message.onSent();
        } catch (IOException e) {
            message.onError(e);
        }
    }

    @Override
    public void setRawDataReceiver(RawDataChannel receiver) {
        this.receiver = receiver;
    }

    @Override
    public void setEndpointContextMatcher(EndpointContextMatcher matcher) {
        this.matcher = matcher;
    }

    @Override
    public InetSocketAddress getAddress() {
        return address;
    }

    @Override
    public String getProtocol() {
        return "UDP";
    }

    @Override
    public boolean isRunning() {
        return channel != null;
    }

    @Override
    public void processDatagram(DatagramPacket datagram) {
        throw new UnsupportedOperationException("datagrams come from the selector");
    }

    private void receive(byte[] bytes, InetSocketAddress source) {
        RawDataChannel target = receiver;
        if (target != null && air.getAsBoolean()) {
            target.receiveData(
                    RawData.inbound(bytes, new UdpEndpointContext(source), false, System.nanoTime(), address));
        }
    }
}
