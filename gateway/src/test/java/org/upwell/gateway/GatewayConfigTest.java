// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.codec.QoS;

class GatewayConfigTest {

    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    @TempDir
    private Path directory;

    private static Gateway start(GatewayConfig config) throws IOException {
        return Gateway.start(
                config,
                _ -> CompletableFuture.failedStage(new IllegalStateException("nobody logs in")),
                _ -> Optional.empty(),
                (clientId, _) -> new FakeBrokerLink(clientId),
                new ManualClock());
    }

    @Test
    void defaultsAreThoseOfTheFieldProtocol() {
        GatewayConfig config = GatewayConfig.of(ANY_PORT, ANY_PORT, List.of("::/0"), directory);
        assertThat(config.bridge().qos()).isEqualTo(QoS.AT_LEAST_ONCE);
        assertThat(config.field().registrationLife()).hasSeconds(900);
        assertThat(config.sessions().perTenant()).isEqualTo(10);
        assertThat(config.sessions().life()).hasHours(4);
        assertThat(config.patience().confirmable()).hasSeconds(310);
        assertThat(config.patience().nonConfirmable()).isLessThanOrEqualTo(Duration.ofMinutes(4));
        assertThat(config.times().ackTimeout()).hasSeconds(2);
        assertThat(config.times().maxRetransmit()).isEqualTo(4);
    }

    @Test
    void clientIdsHave23Characters() {
        GatewayConfig.Bridge bridge = new GatewayConfig.Bridge(QoS.AT_LEAST_ONCE, 3, 997, Duration.ofMinutes(1));
        assertThat(bridge.bridgeClientId(0))
                .isEqualTo("gw-coap-mqtt-bridge-997")
                .hasSize(23);
        assertThat(bridge.bridgeClientId(2))
                .isEqualTo("gw-coap-mqtt-bridge-999")
                .hasSize(23);
        assertThat(bridge.presenceClientId())
                .isEqualTo("gw-presence-00000000997")
                .hasSize(23);
    }

    @Test
    void instancesThatThreeDigitsCannotNameAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new GatewayConfig.Bridge(QoS.AT_LEAST_ONCE, 2, 999, Duration.ofMinutes(1)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new GatewayConfig.Bridge(QoS.AT_LEAST_ONCE, 0, 1, Duration.ofMinutes(1)));
    }

    @Test
    void fieldListenerNeedsANetworkThatCanBeRead() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GatewayConfig.of(ANY_PORT, ANY_PORT, List.of(), directory));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> start(GatewayConfig.of(ANY_PORT, ANY_PORT, List.of("10.0.0.0/40"), directory)))
                .withMessageContaining("10.0.0.0/40");
    }

    @Test
    void takenPortIsNamed() throws IOException {
        try (DatagramSocket taken = new DatagramSocket(ANY_PORT)) {
            InetSocketAddress address = (InetSocketAddress) taken.getLocalSocketAddress();
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> start(GatewayConfig.of(address, ANY_PORT, List.of("::/0"), directory)))
                    .withMessageContaining("coap listener")
                    .withMessageContaining(Integer.toString(address.getPort()));
        }
    }

    /// A wildcard bind answers from each address that is asked, which a peer with a connected socket can tell.
    @Test
    void wildcardAnswersFromTheAddressThatWasAsked() throws IOException {
        InetSocketAddress wildcard = new InetSocketAddress(0);
        try (Gateway gateway = start(GatewayConfig.of(wildcard, ANY_PORT, List.of("::/0"), directory))) {
            assertThat(gateway.coapAddresses()).isNotEmpty();
            int port = gateway.coapAddresses().getFirst().getPort();
            assertThat(gateway.coapAddresses())
                    .allMatch(address -> address.getPort() == port)
                    .anyMatch(address -> address.getAddress().isLoopbackAddress());
            for (InetSocketAddress address : gateway.coapAddresses()) {
                try (Peer peer = new Peer(address, address.getAddress(), 0)) {
                    Coap links = peer.ask(Coap.con(Coap.GET, 1, "01").path(".well-known", "core"));
                    assertThat(links.code()).as("%s", address).isEqualTo(Coap.CONTENT);
                }
            }
        }
    }

    @Test
    void noPropertiesFileIsWritten() throws IOException {
        start(GatewayConfig.of(ANY_PORT, ANY_PORT, List.of("::/0"), directory)).close();
        assertThat(Files.exists(Path.of("Californium3.properties"))).isFalse();
    }
}
