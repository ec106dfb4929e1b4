// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.coap;

import java.net.DatagramPacket;
import java.net.InetSocketAddress;
import org.eclipse.californium.elements.UDPConnector;
import org.eclipse.californium.elements.config.Configuration;
import org.upwell.gateway.event.GatewayCounters;
import org.upwell.gateway.event.GatewayEvent;

/// A UDP socket that hears only the given networks. What comes from elsewhere is dropped and counted on the receiver
/// thread, before it is parsed, so that a stranger costs one comparison and gets no answer at all.
final class FilteredConnector extends UDPConnector {

    private final Networks networks;
    private final GatewayCounters counters;

    FilteredConnector(
            InetSocketAddress address, Configuration configuration, Networks networks, GatewayCounters counters) {
        super(address, configuration);
        this.networks = networks;
        this.counters = counters;
    }

    @Override
    public void processDatagram(DatagramPacket datagram) {
        if (networks.contains(datagram.getAddress())) {
            super.processDatagram(datagram);
        } else {
            counters.count(GatewayEvent.FIELD_SOURCE_OUTSIDE_NETWORKS);
        }
    }
}
