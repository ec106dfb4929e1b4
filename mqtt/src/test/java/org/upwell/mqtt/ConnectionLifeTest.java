// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.ReferenceCounted;
import java.io.IOException;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.upwell.broker.access.Authentication;
import org.upwell.broker.access.Principal;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.PacketEncoder;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;

/// CONNECT, DISCONNECT, takeover, will and keep-alive over real sockets.
@Timeout(60)
class ConnectionLifeTest {

    private static Connect.Will will(String payload) {
        return new Connect.Will(
                "acme/will", payload.getBytes(StandardCharsets.UTF_8), QoS.AT_LEAST_ONCE, false, Properties.NONE);
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

    /// [MQTT-3.1.2-22]. All versions wait out the shortest keep-alive together.
    @Test
    void silentClientIsDisconnectedAfterOneAndAHalfKeepAlives() throws IOException {
        Map<MqttVersion, TestClient> silent = new EnumMap<>(MqttVersion.class);
        try (TestBroker broker = TestBroker.start()) {
            for (MqttVersion version : MqttVersion.values()) {
                TestClient client = new TestClient(broker.address(), version);
                silent.put(version, client);
                client.connect(new Connect(version, "c" + version, true, 1, null, null, null, Properties.NONE));
            }
            for (Map.Entry<MqttVersion, TestClient> each : silent.entrySet()) {
                if (each.getKey().isMqtt5()) {
                    assertThat(each.getValue().receive(Disconnect.class).reason())
                            .isEqualTo(ReasonCode.KEEP_ALIVE_TIMEOUT);
                }
                each.getValue().expectClosed();
            }
        } finally {
            for (TestClient client : silent.values()) {
                client.close();
            }
        }
    }

    /// [MQTT-3.1.2-22]: it is packets that count, and each byte of one that never ends is no packet.
    @Test
    void bytesOfAPacketThatDoesNotEndAreNoSignOfLife() throws Exception {
        try (TestBroker broker = TestBroker.start();
                TestClient client = new TestClient(broker.address(), MqttVersion.MQTT_5)) {
            client.connect(new Connect(MqttVersion.MQTT_5, "c", true, 1, null, null, null, Properties.NONE));
            ByteBuf packet = TestClient.publishBytes(60);
            Packet told = null;
            // One byte to wait for: the packet would take a quarter of a minute.
            while (told == null && packet.readableBytes() > 1) {
                client.sendBytes(packet.readSlice(1));
                told = client.receiveWithin(250);
            }
            assertThat(told)
                    .isInstanceOfSatisfying(
                            Disconnect.class,
                            last -> assertThat(last.reason()).isEqualTo(ReasonCode.KEEP_ALIVE_TIMEOUT));
        }
    }

    /// [MQTT-3.1.2-22]: the keep-alive runs from the end of one packet to the begin of the next, so that a slow
    /// link may take longer for a large one.
    @Test
    void aLargePacketOnASlowLinkMayTakeLongerThanTheKeepAlive() throws Exception {
        try (TestBroker broker = TestBroker.start();
                TestClient client = new TestClient(broker.address(), MqttVersion.MQTT_5)) {
            client.connect(new Connect(MqttVersion.MQTT_5, "c", true, 1, null, null, null, Properties.NONE));
            ByteBuf packet = TestClient.publishBytes(60_000);
            for (int i = 0; i < 12; i++) {
                client.sendBytes(packet.readSlice(4_000));
                assertThat(client.receiveWithin(200)).isNull();
            }
            client.sendBytes(packet);
            client.expectNothingButPong();
            assertThat(broker.broker.counters().messagesReceived.sum()).isEqualTo(1);
        }
    }

    /// Whatever bytes of it come.
    @Test
    void aConnectThatDoesNotEndIsNotWaitedFor() throws IOException {
        TestBroker.Options options = new TestBroker.Options();
        options.limits = new TestLimits().connectTimeout(Duration.ofMillis(500)).build();
        try (TestBroker broker = options.start();
                TestClient client = new TestClient(broker.address(), MqttVersion.MQTT_5)) {
            ByteBuf packet = Unpooled.buffer();
            PacketEncoder.encode(
                    TestClient.connectPacket(MqttVersion.MQTT_5, "c".repeat(60), true, Properties.NONE),
                    MqttVersion.MQTT_5,
                    packet);
            assertThatThrownBy(() -> {
                        while (packet.readableBytes() > 1) {
                            client.sendBytes(packet.readSlice(1));
                            client.receiveWithin(250);
                        }
                    })
                    .as("the connection ends")
                    .isInstanceOf(IOException.class);
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

    /// Nobody may make us keep more than a CONNECT needs before we know who it is. [MQTT-3.1.4-1]: MQTT 5 has a
    /// word for it, and what the client speaks is known from the first bytes; the rest is not waited for. 3.x has
    /// none.
    @ParameterizedTest
    @EnumSource
    void connectThatIsTooLargeIsRefusedByItsFirstBytes(MqttVersion version) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = new TestClient(broker.address(), version)) {
            byte[] name = version.protocolName().getBytes(StandardCharsets.UTF_8);
            client.sendBytes(Unpooled.buffer()
                    .writeBytes(new byte[] {0x10, (byte) 0xff, (byte) 0xff, 0x7f})
                    .writeShort(name.length)
                    .writeBytes(name)
                    .writeByte(version.level()));
            if (version.isMqtt5()) {
                ConnAck answer = client.receive(ConnAck.class);
                assertThat(answer.reason()).isEqualTo(ReasonCode.PACKET_TOO_LARGE);
                assertThat(answer.properties().string(Property.REASON_STRING)).contains("at most");
            }
            client.expectClosed();
        }
    }

    /// A client reads when it has sent. Were the socket closed over what it still sends, the system would reset the
    /// connection, and the answer would be lost.
    @Test
    void clientThatSendsAllOfATooLargeConnectHearsWhy() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = new TestClient(broker.address(), MqttVersion.MQTT_5)) {
            int bytes = 8 << 20;
            client.sendBytes(Unpooled.buffer()
                    .writeBytes(new byte[] {0x10, (byte) 0x80, (byte) 0x80, (byte) 0x80, 0x04})
                    .writeShort(4)
                    .writeBytes("MQTT".getBytes(StandardCharsets.UTF_8))
                    .writeByte(5)
                    .writeZero(bytes - 7));
            assertThat(client.receive(ConnAck.class).reason()).isEqualTo(ReasonCode.PACKET_TOO_LARGE);
            client.expectClosed();
        }
    }

    /// [MQTT-3.2.2-21], [MQTT-3.1.2-21]: a keep-alive of none, or of more than an hour, becomes one hour.
    @ParameterizedTest
    @ValueSource(ints = {0, 3601, 60})
    void connAckAnnouncesTheLimits(int keepAliveSeconds) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = new TestClient(broker.address(), MqttVersion.MQTT_5)) {
            Properties limits = client.connect(new Connect(
                            MqttVersion.MQTT_5, "c", true, keepAliveSeconds, null, null, null, Properties.NONE))
                    .properties();
            assertThat(limits.integer(Property.SERVER_KEEP_ALIVE, keepAliveSeconds))
                    .isEqualTo(keepAliveSeconds == 60 ? 60 : 3600);
            assertThat(limits.integer(Property.RECEIVE_MAXIMUM, 65_535)).isEqualTo(100);
            assertThat(limits.integer(Property.MAXIMUM_PACKET_SIZE, 0)).isEqualTo(1 << 20);
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

    /// A client that asks and never reads must not fill the memory with answers; once it reads, it gets all of
    /// them.
    @Test
    void clientThatNeverReadsIsNotReadForEver() throws IOException {
        TestBroker.Options options = new TestBroker.Options().limited(Duration.ofSeconds(60), 64 << 10);
        options.transport = Transport.best().withSocketBuffers(128 << 10);
        try (TestBroker broker = options.start();
                SocketChannel socket = SocketChannel.open();
                Selector selector = Selector.open()) {
            socket.setOption(StandardSocketOptions.SO_RCVBUF, 128 << 10);
            socket.setOption(StandardSocketOptions.SO_SNDBUF, 128 << 10);
            socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
            socket.connect(broker.address());
            ByteBuf connect = Unpooled.buffer();
            PacketEncoder.encode(
                    TestClient.connectPacket(MqttVersion.MQTT_3_1_1, "flood", true, Properties.NONE),
                    MqttVersion.MQTT_3_1_1,
                    connect);
            socket.write(connect.nioBuffer());
            socket.configureBlocking(false);
            SelectionKey key = socket.register(selector, SelectionKey.OP_WRITE);
            byte[] pings = new byte[1 << 14];
            for (int i = 0; i < pings.length; i += 2) {
                pings[i] = (byte) 0xC0;
            }
            long limit = 8L << 20;
            long sent = 0;
            ByteBuffer out = ByteBuffer.wrap(pings);
            while (sent < limit && selector.select(500) > 0) {
                selector.selectedKeys().clear();
                sent += socket.write(out);
                if (!out.hasRemaining()) {
                    out.clear();
                }
            }
            assertThat(sent).as("bytes taken from a client that never reads").isLessThan(limit);
            key.interestOps(SelectionKey.OP_READ);
            // One answer of two bytes for each whole PINGREQ, behind a CONNACK of four.
            long due = 4 + sent / 2 * 2;
            ByteBuffer in = ByteBuffer.allocate(1 << 16);
            while (due > 0 && selector.select(10_000) > 0) {
                selector.selectedKeys().clear();
                due -= socket.read(in.clear());
            }
            assertThat(due).as("bytes of answers that did not come").isZero();
        }
    }

    /// OpenSSL's contexts are not the heap's to clear away.
    @Test
    void tlsContextIsReleasedWhenItsListenerAndConnectionsAreClosed() throws Exception {
        TestBroker.Options options = new TestBroker.Options();
        options.tls = new ListenerConfig.Tls(resource("tls-test-certificate.pem"), resource("tls-test-key.pem"));
        TestBroker broker = options.start();
        Object context = Objects.requireNonNull(broker.server.tlsContext(TestBroker.LISTENER));
        assertThat(context).isInstanceOf(ReferenceCounted.class);
        ReferenceCounted counted = (ReferenceCounted) context;
        SslContext client = SslContextBuilder.forClient()
                .sslProvider(SslProvider.JDK)
                .trustManager(resource("tls-test-certificate.pem").toFile())
                .build();
        try (broker;
                Socket socket = ((JdkSslContext) client)
                        .context()
                        .getSocketFactory()
                        .createSocket(
                                broker.address().getAddress(), broker.address().getPort())) {
            ((SSLSocket) socket).startHandshake();
            assertThat(counted.refCnt()).isPositive();
        }
        await().untilAsserted(() -> assertThat(counted.refCnt()).isZero());
    }

    private static Path resource(String name) throws URISyntaxException {
        return Path.of(Objects.requireNonNull(ConnectionLifeTest.class.getResource("/" + name))
                .toURI());
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
