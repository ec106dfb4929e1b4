// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.coap;

import java.net.DatagramPacket;
import java.net.InetSocketAddress;
import java.util.function.BooleanSupplier;
import org.eclipse.californium.elements.UDPConnector;
import org.eclipse.californium.elements.config.Configuration;
import org.jspecify.annotations.Nullable;
import org.upwell.gateway.dtls.SessionAddresses;
import org.upwell.gateway.event.GatewayCounters;
import org.upwell.gateway.event.GatewayEvent;

/// A UDP socket that hears only the given networks, nobody who claims to be a DTLS session, and nobody at all while
/// too much waits to be handled. What it does not hear is dropped and counted on the receiver thread, before it is
/// parsed, so that a stranger costs one comparison and gets no answer at all.
final class GuardedConnector extends UDPConnector {

    private final @Nullable Networks networks;
    private final BooleanSupplier overloaded;
    private final GatewayCounters counters;

    /// @param networks null for everybody
    GuardedConnector(
            InetSocketAddress address,
            Configuration configuration,
            @Nullable Networks networks,
            BooleanSupplier overloaded,
            GatewayCounters counters) {
        super(address, configuration);
        this.networks = networks;
        this.overloaded = overloaded;
        this.counters = counters;
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
        } else {
            super.processDatagram(datagram);
        }
    }
}
