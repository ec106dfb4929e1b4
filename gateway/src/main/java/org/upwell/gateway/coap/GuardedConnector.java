// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.coap;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.function.BooleanSupplier;
import org.eclipse.californium.elements.AddressEndpointContext;
import org.eclipse.californium.elements.RawData;
import org.eclipse.californium.elements.UDPConnector;
import org.eclipse.californium.elements.UdpEndpointContext;
import org.jspecify.annotations.Nullable;
import org.upwell.gateway.dtls.SessionAddresses;
import org.upwell.gateway.event.GatewayCounters;
import org.upwell.gateway.event.GatewayEvent;

/// A UDP socket that hears only the given networks, nobody who claims to be a DTLS session, and nobody at all while
/// too much waits to be handled. What it does not hear is dropped and counted on the receiver thread, before it is
/// parsed, so that a stranger costs one comparison and gets no answer at all. Repeated messages end here, too.
final class GuardedConnector extends UDPConnector {

    private final @Nullable Networks networks;
    private final BooleanSupplier overloaded;
    private final RecentMessages recent;
    private volatile @Nullable DatagramSocket socket;
    private final RepeatWatch watch = new RepeatWatch();
    private final GatewayCounters counters;

    /// @param recent tells repeated messages
    GuardedConnector(
            InetSocketAddress address, CoapListener.Plan plan, BooleanSupplier overloaded, RecentMessages recent) {
        super(address, plan.configuration());
        this.networks = plan.networks();
        this.overloaded = overloaded;
        this.recent = recent;
        this.counters = plan.counters();
    }

    RepeatWatch watch() {
        return watch;
    }

    /// Takes a datagram of an earlier process as if it had just come in.
    void receive(InetSocketAddress from, byte[] datagram) {
        super.processDatagram(new DatagramPacket(datagram, datagram.length, from));
    }

    @Override
    public void processDatagram(DatagramPacket datagram) {
        if (networks != null && !networks.contains(datagram.getAddress())) {
            counters.count(GatewayEvent.FIELD_SOURCE_OUTSIDE_NETWORKS);
        } else if (SessionAddresses.isOne(datagram.getAddress())) {
            // Nobody is there but in our own books; whoever writes it on a datagram wants to be taken for a session.
            counters.count(GatewayEvent.DATAGRAM_SOURCE_FORGED);
        } else if (overloaded.getAsBoolean()) {
            counters.count(GatewayEvent.DATAGRAM_OVERLOAD_DROPPED);
        } else if (isNew(datagram)) {
            super.processDatagram(datagram);
        }
    }

    /// Answers a repeat as the first time; one whose first copy has no answer yet gets none either.
    private boolean isNew(DatagramPacket datagram) {
        InetSocketAddress peer = new InetSocketAddress(datagram.getAddress(), datagram.getPort());
        byte[] answer = recent.see(peer, datagram.getData(), datagram.getLength());
        if (answer == null) {
            return true;
        }
        counters.count(GatewayEvent.DATAGRAM_REPEATED);
        watch.onRepeat(peer, Arrays.copyOf(datagram.getData(), datagram.getLength()), answer);
        if (answer.length > 0) {
            send(RawData.outbound(answer, new AddressEndpointContext(peer), null, false));
        }
        return false;
    }

    @Override
    protected void init(DatagramSocket opened) throws IOException {
        socket = opened;
        super.init(opened);
    }

    /// On the caller's thread: the way over the library's sender thread costs more than the system call. A datagram
    /// that finds no room in the socket's buffer waits until others have left it: for the network card that is
    /// micro- or milliseconds. But those for a neighbour on the same link that does not say where it is (ARP, IPv6
    /// neighbour discovery) keep their room until the system gives it up, for seconds, and with many such
    /// neighbours everybody waits for that. Hence a buffer that holds far more than the system keeps for one of
    /// them; devices behind a router are none of its neighbours.
    @Override
    public void send(RawData message) {
        recent.answered(message.getInetSocketAddress(), message.getBytes());
        DatagramSocket opened = socket;
        if (opened == null
                || opened.isClosed()
                || message.getInetSocketAddress().getPort() == 0) {
            // Tells the message's sender what is wrong.
            super.send(message);
            return;
        }
        try {
            byte[] bytes = message.getBytes();
            message.onContextEstablished(new UdpEndpointContext(message.getInetSocketAddress()));
            opened.send(new DatagramPacket(bytes, bytes.length, message.getInetSocketAddress()));
            message.onSent();
        } catch (IOException | IllegalArgumentException fault) {
            message.onError(fault);
        }
    }
}
