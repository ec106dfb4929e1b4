// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.upwell.client.ClientFixture.awaitFailure;
import static org.upwell.client.ClientFixture.message;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.PingReq;
import org.upwell.codec.PingResp;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;

@Timeout(20)
class KeepAliveTest {

    private ClientFixture fixture;

    @BeforeEach
    void setUp() throws IOException {
        fixture = new ClientFixture();
    }

    @AfterEach
    void tearDown() throws IOException {
        fixture.close();
    }

    /// [MQTT-3.1.2-20], [MQTT3-3.1.2-23]: within the keep alive something is sent.
    @Test
    void aSilentClientPings() throws IOException {
        FakeServer.Peer peer = fixture.connect(
                fixture.options().version(MqttVersion.MQTT_3_1_1).keepAlive(Duration.ofSeconds(1)));
        long before = System.nanoTime();
        for (int i = 0; i < 2; i++) {
            peer.expect(PingReq.class);
            peer.send(PingResp.INSTANCE);
        }

        assertThat(Duration.ofNanos(System.nanoTime() - before))
                .isBetween(Duration.ofMillis(1300), Duration.ofMillis(1950));
    }

    /// [MQTT-3.1.2-21]
    @Test
    void theServersKeepAliveWins() throws IOException {
        FakeServer.Peer peer = fixture.connect(
                fixture.options().keepAlive(Duration.ZERO),
                Properties.builder().integer(Property.SERVER_KEEP_ALIVE, 1).build());
        peer.expect(PingReq.class);
    }

    @Test
    void aServerThatDoesNotAnswerIsLeft() throws IOException {
        FakeServer.Peer peer = fixture.connect(
                fixture.options().keepAlive(Duration.ofSeconds(1)).pingTimeout(Duration.ofMillis(100)));
        CompletionStage<ReasonCode> sent = fixture.publish("x", QoS.AT_LEAST_ONCE);
        peer.expect(Publish.class);
        peer.expect(PingReq.class);
        peer.expectEnd();

        MqttException fault = awaitFailure(sent);
        assertThat(fault.kind()).isEqualTo(MqttException.Kind.TIMEOUT);
        assertThat(fault.reason()).isEqualTo(ReasonCode.KEEP_ALIVE_TIMEOUT);
    }

    /// Who only sends would else never notice that nobody hears.
    @Test
    void aClientThatOnlySendsPingsToo() throws IOException {
        FakeServer.Peer peer = fixture.connect(fixture.options().keepAlive(Duration.ofSeconds(1)));
        int sent = 0;
        while (true) {
            fixture.publish("x", QoS.AT_MOST_ONCE);
            sent++;
            if (peer.read() instanceof PingReq) {
                break;
            }
        }
        assertThat(sent).isGreaterThan(10);
    }

    @Test
    void anythingFromTheServerCountsAsAnAnswer() throws IOException {
        FakeServer.Peer peer = fixture.connect(
                fixture.options().keepAlive(Duration.ofSeconds(1)).pingTimeout(Duration.ofMillis(500)));
        for (int i = 0; i < 2; i++) {
            peer.expect(PingReq.class);
            peer.send(message("x", QoS.AT_MOST_ONCE, 0, false));
        }
        assertThat(fixture.client().isConnected()).isTrue();
    }
}
