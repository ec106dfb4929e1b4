// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.upwell.broker.access.Authentication;
import org.upwell.broker.access.Principal;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;

/// CONNECT, DISCONNECT, takeover, will and keep-alive over real sockets.
@Timeout(60)
class ConnectionLifeTest {

    private static Connect.Will will(String payload) {
        return new Connect.Will(
                "acme/will",
                payload.getBytes(java.nio.charset.StandardCharsets.UTF_8),
                QoS.AT_LEAST_ONCE,
                false,
                Properties.NONE);
    }

    @ParameterizedTest
    @EnumSource
    void wrongPasswordIsRefusedInTheWordsOfTheVersion(MqttVersion version) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = new TestClient(broker.address(), version)) {
            ConnAck answer = client.connect(TestClient.withPassword(
                    TestClient.connectPacket(version, "c", true, Properties.NONE), "acme.x", "wrong"));
            assertThat(answer.reason()).isEqualTo(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
            assertThat(answer.sessionPresent()).isFalse();
            client.expectClosed();
        }
    }

    @ParameterizedTest
    @EnumSource
    void principalWithoutAnyGrantIsNotAuthorized(MqttVersion version) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = new TestClient(broker.address(), version)) {
            ConnAck answer = client.connect(TestClient.withPassword(
                    TestClient.connectPacket(version, "c", true, Properties.NONE), "none.x", "secret"));
            assertThat(answer.reason()).isEqualTo(ReasonCode.NOT_AUTHORIZED);
            client.expectClosed();
        }
    }

    @Test
    void clientsWithoutCredentialsAreRefusedUnlessTheListenerAdmitsThem() throws IOException {
        TestBroker.Options options = new TestBroker.Options();
        options.anonymous = false;
        try (TestBroker broker = options.start();
                TestClient client = new TestClient(broker.address(), MqttVersion.MQTT_5)) {
            assertThat(client.connect("c", true, Properties.NONE).reason())
                    .isEqualTo(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
        }
    }

    /// [MQTT-3.1.3-6], [MQTT-3.2.2-16], [MQTT3-3.1.3-8]
    @Test
    void emptyClientIdIsAssignedOrRefused() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient five = new TestClient(broker.address(), MqttVersion.MQTT_5);
                TestClient clean = new TestClient(broker.address(), MqttVersion.MQTT_3_1_1);
                TestClient persistent = new TestClient(broker.address(), MqttVersion.MQTT_3_1_1)) {
            assertThat(five.connect("", true, Properties.NONE).properties().string(Property.ASSIGNED_CLIENT_IDENTIFIER))
                    .isNotEmpty();
            assertThat(clean.connect("", true, Properties.NONE).reason()).isEqualTo(ReasonCode.SUCCESS);
            assertThat(persistent.connect("", false, Properties.NONE).reason())
                    .isEqualTo(ReasonCode.CLIENT_IDENTIFIER_NOT_VALID);
        }
    }

    /// [MQTT-3.1.4-3]: the old connection is told in MQTT 5; in all versions its will is out before the new
    /// CONNACK.
    @ParameterizedTest
    @EnumSource
    void sameClientIdTakesTheSessionOver(MqttVersion version) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient watcher = TestClient.connected(broker, version, "watcher");
                TestClient old = new TestClient(broker.address(), version);
                TestClient young = new TestClient(broker.address(), version)) {
            watcher.subscribe("acme/will", QoS.AT_MOST_ONCE);
            old.connect(
                    TestClient.withWill(TestClient.connectPacket(version, "c", true, Properties.NONE), will("gone")));
            young.connect("c", true, Properties.NONE);
            assertThat(watcher.receivePayload()).isEqualTo("gone");
            if (version.isMqtt5()) {
                assertThat(old.receive(Disconnect.class).reason()).isEqualTo(ReasonCode.SESSION_TAKEN_OVER);
            }
            old.expectClosed();
            young.expectNothingButPong();
        }
    }

    @Test
    void twoTenantsMayUseTheSameClientId() throws IOException {
        MqttVersion version = MqttVersion.MQTT_5;
        try (TestBroker broker = TestBroker.start();
                TestClient one = new TestClient(broker.address(), version);
                TestClient two = new TestClient(broker.address(), version)) {
            Connect connect = TestClient.connectPacket(version, "same", true, Properties.NONE);
            one.connect(TestClient.withPassword(connect, "acme.a", "secret"));
            two.connect(TestClient.withPassword(connect, "zenith.a", "secret"));
            one.expectNothingButPong();
            two.expectNothingButPong();
        }
    }

    /// Field protocol §3: an automatic reconnect with the old token must not take over from the new one.
    @ParameterizedTest
    @EnumSource
    void olderTokenIsRefusedBeforeTakeover(MqttVersion version) throws IOException {
        TestBroker.Options options = new TestBroker.Options();
        options.authenticator =
                credentials -> CompletableFuture.completedFuture(new Authentication.Admitted(new Principal(
                        "acme",
                        "app",
                        Set.of("all"),
                        Instant.ofEpochSecond(Long.parseLong(String.valueOf(credentials.userName()))),
                        null)));
        try (TestBroker broker = options.start();
                TestClient live = new TestClient(broker.address(), version);
                TestClient stale = new TestClient(broker.address(), version);
                TestClient newer = new TestClient(broker.address(), version)) {
            Connect connect = TestClient.connectPacket(version, "c", true, Properties.NONE);
            assertThat(live.connect(TestClient.withPassword(connect, "2000", "x"))
                            .reason())
                    .isEqualTo(ReasonCode.SUCCESS);
            assertThat(stale.connect(TestClient.withPassword(connect, "1000", "x"))
                            .reason())
                    .isEqualTo(ReasonCode.NOT_AUTHORIZED);
            live.expectNothingButPong();
            assertThat(newer.connect(TestClient.withPassword(connect, "2000", "x"))
                            .reason())
                    .isEqualTo(ReasonCode.SUCCESS);
        }
    }

    /// [MQTT-3.1.2-8], [MQTT-3.14.4-3]
    @ParameterizedTest
    @EnumSource
    void willIsPublishedUnlessDisconnectCame(MqttVersion version) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient watcher = TestClient.connected(broker, version, "watcher")) {
            watcher.subscribe("acme/will", QoS.AT_MOST_ONCE);
            try (TestClient polite = new TestClient(broker.address(), version)) {
                polite.connect(TestClient.withWill(
                        TestClient.connectPacket(version, "polite", true, Properties.NONE), will("polite")));
                polite.send(new Disconnect(ReasonCode.SUCCESS, Properties.NONE));
                polite.expectClosed();
            }
            try (TestClient rude = new TestClient(broker.address(), version)) {
                rude.connect(TestClient.withWill(
                        TestClient.connectPacket(version, "rude", true, Properties.NONE), will("rude")));
            }
            assertThat(watcher.receivePayload()).isEqualTo("rude");
            watcher.expectNothingButPong();
        }
    }

    @Test
    void willOnAForbiddenTopicIsRefusedAtConnect() throws IOException {
        MqttVersion version = MqttVersion.MQTT_5;
        try (TestBroker broker = TestBroker.start();
                TestClient client = new TestClient(broker.address(), version)) {
            Connect.Will foreign =
                    new Connect.Will("other/will", new byte[0], QoS.AT_MOST_ONCE, false, Properties.NONE);
            assertThat(client.connect(TestClient.withWill(
                                    TestClient.connectPacket(version, "c", true, Properties.NONE), foreign))
                            .reason())
                    .isEqualTo(ReasonCode.NOT_AUTHORIZED);
        }
    }

    /// [MQTT-3.1.2-22]
    @ParameterizedTest
    @EnumSource
    void silentClientIsDisconnectedAfterOneAndAHalfKeepAlives(MqttVersion version) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = new TestClient(broker.address(), version)) {
            client.connect(new Connect(version, "c", true, 1, null, null, null, Properties.NONE));
            if (version.isMqtt5()) {
                assertThat(client.receive(Disconnect.class).reason()).isEqualTo(ReasonCode.KEEP_ALIVE_TIMEOUT);
            }
            client.expectClosed();
        }
    }

    /// [MQTT-3.1.0-1], [MQTT-3.1.0-2]
    @Test
    void packetsOutOfPlaceEndTheConnection() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient early = new TestClient(broker.address(), MqttVersion.MQTT_5);
                TestClient twice = TestClient.connected(broker, MqttVersion.MQTT_5, "twice")) {
            early.publish("acme/a", "x", QoS.AT_MOST_ONCE);
            early.expectClosed();
            twice.send(TestClient.connectPacket(MqttVersion.MQTT_5, "twice", true, Properties.NONE));
            assertThat(twice.receive(Disconnect.class).reason()).isEqualTo(ReasonCode.PROTOCOL_ERROR);
            twice.expectClosed();
        }
    }

    @Test
    void garbageEndsTheConnectionAndNothingElse() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient good = TestClient.connected(broker, MqttVersion.MQTT_5, "good")) {
            java.util.Random random = new java.util.Random(7);
            for (int i = 0; i < 200; i++) {
                byte[] garbage = new byte[1 + random.nextInt(64)];
                random.nextBytes(garbage);
                try (TestClient bad = new TestClient(broker.address(), MqttVersion.MQTT_5)) {
                    bad.sendBytes(Unpooled.wrappedBuffer(garbage));
                }
            }
            good.expectNothingButPong();
        }
    }

    @Test
    void oversizedPacketIsRefusedFromItsHeaderAlone() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, MqttVersion.MQTT_5, "c")) {
            // PUBLISH with a remaining length of 268,435,455 bytes, of which none follows.
            client.sendBytes(Unpooled.wrappedBuffer(new byte[] {0x30, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 0x7F}));
            assertThat(client.receive(Disconnect.class).reason()).isEqualTo(ReasonCode.PACKET_TOO_LARGE);
            client.expectClosed();
        }
    }

    @Test
    void closingTheServerTellsMqtt5Clients() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, MqttVersion.MQTT_5, "c")) {
            broker.server.close();
            assertThat(client.receive(Disconnect.class).reason()).isEqualTo(ReasonCode.SERVER_SHUTTING_DOWN);
            client.expectClosed();
        }
    }

    @Test
    void nioCarriesTheSameTraffic() throws IOException {
        TestBroker.Options options = new TestBroker.Options();
        options.transport = Transport.nio();
        try (TestBroker broker = options.start();
                TestClient client = TestClient.connected(broker, MqttVersion.MQTT_5, "c")) {
            client.subscribe("acme/a", QoS.AT_MOST_ONCE);
            client.publish("acme/a", "x", QoS.AT_MOST_ONCE);
            assertThat(client.receivePayload()).isEqualTo("x");
        }
    }

    /// Users of one tenant may have different rights, so what a session kept for one is not the other's by its
    /// client id.
    @Test
    void resumedSessionKeepsNothingThatThePrincipalMayNotHave() throws IOException {
        MqttVersion version = MqttVersion.MQTT_3_1_1;
        TestBroker.Options options = new TestBroker.Options();
        options.authorizer = principal -> TestBroker.permissions(
                principal.name().endsWith("weak") ? Principal.of("acme/weak", "", Set.of()) : principal);
        try (TestBroker broker = options.start();
                TestClient publisher = TestClient.connected(broker, version, "publisher")) {
            Connect connect = TestClient.connectPacket(version, "c", false, Properties.NONE);
            try (TestClient strong = new TestClient(broker.address(), version)) {
                strong.connect(TestClient.withPassword(connect, "acme.strong", "secret"));
                strong.subscribe("acme/#", QoS.AT_LEAST_ONCE);
                strong.subscribe("acme/weak/x", QoS.AT_LEAST_ONCE);
                publisher.publish("acme/secret", "in flight", QoS.AT_LEAST_ONCE);
                strong.receive(org.upwell.codec.Publish.class);
            }
            publisher.publish("acme/secret", "queued", QoS.AT_LEAST_ONCE);
            publisher.publish("acme/weak/x", "allowed", QoS.AT_LEAST_ONCE);
            publisher.receive(org.upwell.codec.PubAck.class);
            publisher.receive(org.upwell.codec.PubAck.class);
            publisher.receive(org.upwell.codec.PubAck.class);
            try (TestClient weak = new TestClient(broker.address(), version)) {
                assertThat(weak.connect(TestClient.withPassword(connect, "acme.weak", "secret"))
                                .sessionPresent())
                        .isTrue();
                assertThat(weak.receivePayload()).isEqualTo("allowed");
                publisher.publish("acme/secret", "live", QoS.AT_MOST_ONCE);
                publisher.expectNothingButPong();
                weak.expectNothingButPong();
            }
        }
    }

    /// A client that asks and never reads must not fill the memory with answers.
    @Test
    void clientThatNeverReadsIsNotReadForEver() throws IOException {
        try (TestBroker broker = TestBroker.start();
                java.nio.channels.SocketChannel socket = java.nio.channels.SocketChannel.open();
                java.nio.channels.Selector selector = java.nio.channels.Selector.open()) {
            socket.setOption(java.net.StandardSocketOptions.SO_RCVBUF, 8 << 10);
            socket.connect(broker.address());
            io.netty.buffer.ByteBuf connect = Unpooled.buffer();
            org.upwell.codec.PacketEncoder.encode(
                    TestClient.connectPacket(MqttVersion.MQTT_3_1_1, "flood", true, Properties.NONE),
                    MqttVersion.MQTT_3_1_1,
                    connect);
            socket.write(connect.nioBuffer());
            socket.configureBlocking(false);
            socket.register(selector, java.nio.channels.SelectionKey.OP_WRITE);
            byte[] pings = new byte[1 << 16];
            for (int i = 0; i < pings.length; i += 2) {
                pings[i] = (byte) 0xC0;
            }
            long limit = 256L << 20;
            long sent = 0;
            java.nio.ByteBuffer out = java.nio.ByteBuffer.wrap(pings);
            while (sent < limit && selector.select(2000) > 0) {
                selector.selectedKeys().clear();
                sent += socket.write(out);
                if (!out.hasRemaining()) {
                    out.clear();
                }
            }
            assertThat(sent).as("bytes taken from a client that never reads").isLessThan(limit);
        }
    }

    /// [MQTT3-3.1.4-1], [MQTT-3.1.4-1]: 3.1.1 closes without a word, 5 says why.
    @Test
    void malformedConnectIsAnsweredInTheWordsOfTheVersion() throws IOException {
        byte[] three = {0x10, 12, 0, 4, 'M', 'Q', 'T', 'T', 4, 0x03, 0, 60, 0, 0};
        byte[] five = {0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 5, 0x03, 0, 60, 0, 0, 0};
        try (TestBroker broker = TestBroker.start();
                TestClient old = new TestClient(broker.address(), MqttVersion.MQTT_3_1_1);
                TestClient young = new TestClient(broker.address(), MqttVersion.MQTT_5)) {
            old.sendBytes(Unpooled.wrappedBuffer(three));
            old.expectClosed();
            young.sendBytes(Unpooled.wrappedBuffer(five));
            assertThat(young.receive(ConnAck.class).reason()).isEqualTo(ReasonCode.MALFORMED_PACKET);
            young.expectClosed();
        }
    }
}
