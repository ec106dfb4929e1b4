// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.upwell.client.ClientFixture.awaitFailure;
import static org.upwell.client.ClientFixture.message;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
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
        long before = System.nanoTime();
        FakeServer.Peer peer = fixture.connect(
                fixture.options().version(MqttVersion.MQTT_3_1_1).keepAlive(Duration.ofSeconds(1)));
        int pings = 0;
        long shortest = Long.MAX_VALUE;
        long last = before;
        // A machine that is busy may hold up any of them, but hardly all.
        while (pings < 2 || (shortest > TimeUnit.SECONDS.toNanos(1) && pings < 10)) {
            peer.expect(PingReq.class);
            peer.send(PingResp.INSTANCE);
            pings++;
            long now = System.nanoTime();
            shortest = Math.min(shortest, now - last);
            last = now;
        }

        assertThat(Duration.ofNanos(shortest)).isLessThanOrEqualTo(Duration.ofSeconds(1));
        assertThat(Duration.ofNanos(last - before))
                .as("%d pings", pings)
                .isGreaterThan(Duration.ofMillis(650L * pings));
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
        int pings = 0;
        int sent = 0;
        // A machine that is busy may stand still until the next ping is due, but hardly each of five times.
        while (pings == 0 || (sent <= 10 && pings < 5)) {
            fixture.publish("x", QoS.AT_MOST_ONCE);
            sent++;
            while (peer.read() instanceof PingReq) {
                peer.send(PingResp.INSTANCE);
                pings++;
            }
        }
        assertThat(sent).isGreaterThan(10);
    }

    /// On a machine that is busy a server may be too late once, but hardly five times.
    @Test
    void anythingFromTheServerCountsAsAnAnswer() throws IOException {
        FakeServer.Peer peer = fixture.connect(fixture.options()
                .keepAlive(Duration.ofSeconds(1))
                .pingTimeout(Duration.ofMillis(500))
                .reconnect(ClientFixture.QUICKLY));
        for (int i = 0; !secondPingComesThoughTheFirstWasNotAnswered(peer); i++) {
            assertThat(i).isLessThan(5);
            peer = fixture.server.acceptSession(false);
        }
    }

    private static boolean secondPingComesThoughTheFirstWasNotAnswered(FakeServer.Peer peer) throws IOException {
        if (peer.read() == null) {
            return false;
        }
        peer.send(message("x", QoS.AT_MOST_ONCE, 0, false));
        return peer.read() instanceof PingReq;
    }
}
