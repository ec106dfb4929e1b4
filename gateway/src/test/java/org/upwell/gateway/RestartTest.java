// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.upwell.gateway.GatewayFixture.MAC;
import static org.upwell.gateway.GatewayFixture.bubbleUp;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.codec.QoS;
import org.upwell.gateway.event.GatewayEvent;

/// What a gateway still knows after it was started anew in the same directory.
@Timeout(30)
class RestartTest {

    private static GatewayConfig config(QoS qos) {
        GatewayConfig config = GatewayFixture.config();
        return config.withBridge(new GatewayConfig.Bridge(qos, 1, 1, Duration.ofMillis(400)));
    }

    @Test
    void numberPublishedAtMostOnceIsNotPublishedAgain() {
        GatewayConfig config = config(QoS.AT_MOST_ONCE);
        GatewayFixture first = new GatewayFixture(config);
        Peer nic = first.nic(MAC);
        assertThat(nic.ask(bubbleUp(nic.nextMid(), MAC, 1, 1)).code()).isEqualTo(Coap.CHANGED);
        first.bridge().connected(false);
        assertThat(nic.ask(bubbleUp(nic.nextMid(), MAC, 1, 2)).code()).isEqualTo(0xa3);
        first.stop();

        try (GatewayFixture second = new GatewayFixture(config)) {
            Peer again = second.nic(MAC);
            assertThat(again.ask(bubbleUp(again.nextMid(), MAC, 1, 1)).code()).isEqualTo(Coap.CHANGED);
            assertThat(second.bridge().published()).as("a repeat").isEmpty();
            assertThat(second.count(GatewayEvent.BUBBLE_UP_REPEATED)).isEqualTo(1);
            assertThat(again.ask(bubbleUp(again.nextMid(), MAC, 1, 2)).code()).isEqualTo(Coap.CHANGED);
            assertThat(second.bridge().published())
                    .as("what was not published before")
                    .hasSize(1);
        }
    }
}
