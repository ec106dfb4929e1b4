// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Optional;
import java.util.Queue;

/// One end of a scripted exchange: a plain UDP socket that sends and expects datagrams one by one.
final class Peer implements AutoCloseable {

    private static final int PATIENCE_MILLIS = 15_000;

    private final DatagramSocket socket;
    private final InetSocketAddress gateway;
    /// What came while a certain answer was waited for.
    private final Queue<Coap> early = new ArrayDeque<>();

    private int nextMid = 1000;

    Peer(InetSocketAddress gateway) {
        this(gateway, InetAddress.ofLiteral("127.0.0.1"), 0);
    }

    /// Connected, so that answers from another address or port than the one asked are not received.
    Peer(InetSocketAddress gateway, InetAddress localAddress, int localPort) {
        this.gateway = gateway;
        try {
            socket = new DatagramSocket(new InetSocketAddress(localAddress, localPort));
            socket.connect(gateway);
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
    }

    InetSocketAddress address() {
        return (InetSocketAddress) socket.getLocalSocketAddress();
    }

    InetSocketAddress gateway() {
        return gateway;
    }

    int nextMid() {
        return nextMid++;
    }

    void send(Coap message) {
        byte[] bytes = message.bytes();
        try {
            socket.send(new DatagramPacket(bytes, bytes.length));
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
    }

    /// The next datagram.
    Coap receive() {
        return receive(PATIENCE_MILLIS).orElseThrow(() -> new AssertionError("nothing came"));
    }

    /// The next datagram that is not an empty acknowledgement; acknowledged if it is confirmable.
    Coap receiveMessage() {
        Coap message = receive();
        while (message.type() == Coap.ACK && message.code() == 0) {
            message = receive();
        }
        if (message.type() == Coap.CON) {
            send(Coap.ack(message.mid()));
        }
        return message;
    }

    /// Sends and takes the next datagram.
    Coap ask(Coap request) {
        send(request);
        return receive();
    }

    /// Sends and takes the acknowledgement that carries the answer. A request of the gateway's own may come before
    /// it, since that is made by another thread: it is received after this.
    Coap exchange(Coap request) {
        send(request);
        Coap answer = receive(PATIENCE_MILLIS, request);
        while (answer.type() != Coap.ACK || answer.mid() != request.mid()) {
            early.add(answer);
            answer = receive(PATIENCE_MILLIS, request);
        }
        return answer;
    }

    private Coap receive(int millis, Coap request) {
        return fromSocket(millis).orElseThrow(() -> new AssertionError("no answer to " + request));
    }

    /// Lets an application ask for what needs no device: what it sent before is known then. What it is answered
    /// until that is lost.
    void settle() {
        send(Coap.con(Coap.GET, nextMid(), "7e").path(".well-known", "core"));
        Coap answer = receive();
        while (!answer.tokenHex().equals("7e")) {
            answer = receive();
        }
    }

    /// What lies in the socket's buffer, without waiting: after an exchange that must have come later on the same
    /// path, emptiness proves that nothing was sent.
    Optional<Coap> pending() {
        return receive(1);
    }

    private Optional<Coap> receive(int millis) {
        Coap earlier = early.poll();
        return earlier == null ? fromSocket(millis) : Optional.of(earlier);
    }

    private Optional<Coap> fromSocket(int millis) {
        try {
            socket.setSoTimeout(millis);
            DatagramPacket packet = new DatagramPacket(new byte[4096], 4096);
            socket.receive(packet);
            return Optional.of(Coap.parse(Arrays.copyOf(packet.getData(), packet.getLength())));
        } catch (SocketTimeoutException _) {
            return Optional.empty();
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
