// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.coap;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.DatagramPacket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.upwell.gateway.event.GatewayCounters;
import org.upwell.gateway.event.GatewayEvent;

class GuardedConnectorTest {

    private final GatewayCounters counters = new GatewayCounters();
    private final List<InetSocketAddress> heard = new ArrayList<>();

    @Test
    void datagramThatClaimsToBeADtlsSessionIsNotHeard() {
        GuardedConnector connector = new GuardedConnector(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new CoapListener.Plan(
                        "test",
                        CoapListener.configuration(new CoapTimes(
                                Duration.ofSeconds(2), 4, Duration.ofSeconds(1), 1, Duration.ofSeconds(1))),
                        null,
                        8,
                        1 << 20,
                        counters),
                () -> false,
                new RecentMessages(8, 1 << 20, Duration.ofSeconds(247), () -> 0));
        connector.setRawDataReceiver(data -> heard.add(data.getInetSocketAddress()));

        InetSocketAddress neighbour = new InetSocketAddress(InetAddress.ofLiteral("100:0:0:1::7"), 5684);
        connector.processDatagram(new DatagramPacket(new byte[4], 4, neighbour));
        connector.processDatagram(
                new DatagramPacket(new byte[4], 4, new InetSocketAddress(InetAddress.ofLiteral("100::7"), 5684)));

        assertThat(heard).containsExactly(neighbour);
        assertThat(counters.of(GatewayEvent.DATAGRAM_SOURCE_FORGED)).isEqualTo(1);
    }
}
