// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.upwell.client.ClientFixture.await;
import static org.upwell.client.ClientFixture.awaitFailure;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.PingResp;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;

@Timeout(20)
class ConnectTest {

    private ClientFixture fixture;

    @BeforeEach
    void setUp() throws IOException {
        fixture = new ClientFixture();
    }

    @AfterEach
    void tearDown() throws IOException {
        fixture.close();
    }

    @Test
    void saysInMqtt5AllThatItWasToldToSay() throws IOException {
        Connect.Will will = new Connect.Will(
                "w",
                new byte[] {1},
                QoS.AT_LEAST_ONCE,
                true,
                Properties.builder().integer(Property.WILL_DELAY_INTERVAL, 5).build());
        MqttClient client = fixture.client(fixture.options()
                .cleanStart(false)
                .sessionExpiry(Duration.ofHours(1))
                .keepAlive(Duration.ofSeconds(77))
                .receiveMaximum(20)
                .maxPacketBytes(5000)
                .will(will)
                .credentials(Credentials.of("u", "p").always())
                .connectProperties(Properties.builder().user("k", "v").build()));
        CompletionStage<ConnAck> connected = client.connect();
        FakeServer.Peer peer = fixture.server.accept();

        Properties properties = Properties.builder()
                .integer(Property.SESSION_EXPIRY_INTERVAL, 3600)
                .integer(Property.RECEIVE_MAXIMUM, 20)
                .integer(Property.MAXIMUM_PACKET_SIZE, 5000)
                .user("k", "v")
                .build();
        peer.expect(new Connect(MqttVersion.MQTT_5, "c", false, 77, will, "u", ClientFixture.bytes("p"), properties));
        ConnAck connAck = new ConnAck(true, ReasonCode.SUCCESS, Properties.NONE);
        peer.send(connAck);

        assertThat(await(connected)).isEqualTo(connAck);
        assertThat(client.isConnected()).isTrue();
    }

    @Test
    void saysIn311WhatThatVersionHas() throws IOException {
        MqttClient client = fixture.client(fixture.options()
                .version(MqttVersion.MQTT_3_1_1)
                .sessionExpiry(Duration.ofHours(1))
                .receiveMaximum(20));
        CompletionStage<ConnAck> connected = client.connect();
        FakeServer.Peer peer = fixture.server.accept();

        peer.expect(new Connect(MqttVersion.MQTT_3_1_1, "c", true, 60, null, null, null, Properties.NONE));
        peer.send(new ConnAck(false, ReasonCode.SUCCESS, Properties.NONE));
        await(connected);
    }

    @Test
    void aRefusalFailsWithTheServersReason() throws IOException {
        CompletionStage<ConnAck> connected = fixture.client(fixture.options()).connect();
        FakeServer.Peer peer = fixture.server.accept();
        peer.expect(Connect.class);
        peer.send(new ConnAck(
                false,
                ReasonCode.NOT_AUTHORIZED,
                Properties.builder().string(Property.REASON_STRING, "no\nway").build()));

        MqttException fault = awaitFailure(connected);
        assertThat(fault.kind()).isEqualTo(MqttException.Kind.REFUSED);
        assertThat(fault.reason()).isEqualTo(ReasonCode.NOT_AUTHORIZED);
        assertThat(fault).hasMessage("CONNECT refused: NOT_AUTHORIZED (no?way)");
        peer.expectEnd();
        assertThat(fixture.client().isConnected()).isFalse();
    }

    @Test
    void aRefusalOf311BecomesAReason() throws IOException {
        CompletionStage<ConnAck> connected = fixture.client(fixture.options().version(MqttVersion.MQTT_3_1_1))
                .connect();
        FakeServer.Peer peer = fixture.server.accept();
        peer.expect(Connect.class);
        peer.send(new ConnAck(false, ReasonCode.BAD_USER_NAME_OR_PASSWORD, Properties.NONE));

        assertThat(awaitFailure(connected).reason()).isEqualTo(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
    }

    @Test
    void aSilentServerIsGivenUp() throws IOException {
        CompletionStage<ConnAck> connected = fixture.client(fixture.options().connectTimeout(Duration.ofMillis(100)))
                .connect();
        FakeServer.Peer peer = fixture.server.accept();
        assertThat(awaitFailure(connected).kind()).isEqualTo(MqttException.Kind.TIMEOUT);
        // On a machine that is busy it may have had no time for its CONNECT.
        if (peer.read() instanceof Connect) {
            peer.expectEnd();
        }
    }

    @Test
    void aServerThatIsNotThereFailsTheAttemptAndTheClientCanTryAgain() throws IOException {
        // Holds the port, so that nobody else gets it, and does not listen.
        try (Socket reserved = new Socket()) {
            reserved.setReuseAddress(true);
            reserved.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            failAndTryAgain(reserved.getLocalPort());
        }
    }

    private static void failAndTryAgain(int port) throws IOException {
        try (MqttClient client =
                new MqttClient(ClientOptions.builder("127.0.0.1", port).build())) {
            MqttException fault = awaitFailure(client.connect());
            assertThat(fault.kind()).isEqualTo(MqttException.Kind.CONNECTION_LOST);
            assertThat(fault).hasMessageContaining("127.0.0.1:" + port);

            try (FakeServer late = new FakeServer(new ServerSocket(port, 1, InetAddress.getLoopbackAddress()))) {
                CompletionStage<ConnAck> again = client.connect();
                late.acceptSession(false);
                await(again);
            }
        }
    }

    @Test
    void anUnknownHostIsNamed() {
        try (MqttClient client = new MqttClient(
                ClientOptions.builder("no-such-host.invalid", 1883).build())) {
            assertThat(awaitFailure(client.connect())).hasMessageContaining("no-such-host.invalid:1883: unknown host");
        }
    }

    @Test
    void somethingElseThanMqttIsRefused() throws IOException {
        CompletionStage<ConnAck> connected = fixture.client(fixture.options()).connect();
        FakeServer.Peer peer = fixture.server.accept();
        peer.expect(Connect.class);
        peer.send(PingResp.INSTANCE);

        MqttException fault = awaitFailure(connected);
        assertThat(fault.kind()).isEqualTo(MqttException.Kind.PROTOCOL);
        assertThat(fault).hasMessageContaining("PINGRESP before CONNACK");
    }

    /// [MQTT-3.2.2-2]
    @Test
    void aSessionThatWasToBeDiscardedIsNotTakenUp() throws IOException {
        CompletionStage<ConnAck> connected =
                fixture.client(fixture.options().cleanStart(true)).connect();
        fixture.server.acceptSession(true);

        assertThat(awaitFailure(connected).kind()).isEqualTo(MqttException.Kind.PROTOCOL);
    }

    @Test
    void asksForCredentialsAtEveryAttempt() throws IOException {
        AtomicInteger asked = new AtomicInteger();
        MqttClient client = fixture.client(fixture.options()
                .reconnect(ClientFixture.QUICKLY.withFirst())
                .credentials(() ->
                        CompletableFuture.supplyAsync(() -> Credentials.of("u", "token" + asked.incrementAndGet()))));
        CompletionStage<ConnAck> connected = client.connect();
        for (int i = 1; i <= 3; i++) {
            FakeServer.Peer peer = fixture.server.accept();
            assertThat(peer.expect(Connect.class).password()).isEqualTo(ClientFixture.bytes("token" + i));
            peer.send(new ConnAck(
                    false, i < 3 ? ReasonCode.BAD_USER_NAME_OR_PASSWORD : ReasonCode.SUCCESS, Properties.NONE));
        }
        await(connected);
    }

    @Test
    void credentialsThatCannotBeHadFailTheAttempt() {
        MqttClient client = fixture.client(fixture.options()
                .credentials(() -> CompletableFuture.failedFuture(new IllegalStateException("no token"))));

        assertThat(awaitFailure(client.connect()))
                .hasMessageContaining("no credentials")
                .hasRootCauseMessage("no token");
    }

    @Test
    void aSecondConnectIsRefusedWhileTheFirstStands() throws IOException {
        fixture.connect(fixture.options());

        assertThat(awaitFailure(fixture.client().connect()).kind()).isEqualTo(MqttException.Kind.CLOSED);
    }

    @Test
    void leavesWithDisconnectAndComesBack() throws IOException {
        FakeServer.Peer peer = fixture.connect(fixture.options());
        CompletionStage<?> left = fixture.client().disconnect();
        peer.expect(new Disconnect(ReasonCode.SUCCESS, Properties.NONE));
        peer.expectEnd();
        await(left);
        assertThat(fixture.client().isConnected()).isFalse();

        CompletionStage<ConnAck> again = fixture.client().connect();
        fixture.server.acceptSession(false);
        await(again);
        assertThat(fixture.client().isConnected()).isTrue();
    }

    @Test
    void writesWhatWasSentBeforeItLeaves() throws IOException {
        FakeServer.Peer peer = fixture.connect(fixture.options());
        CompletionStage<ReasonCode> sent = fixture.publish("last", QoS.AT_MOST_ONCE);
        CompletionStage<ReasonCode> unanswered = fixture.publish("open", QoS.AT_LEAST_ONCE);
        CompletionStage<?> left = fixture.client().disconnect(ReasonCode.DISCONNECT_WITH_WILL, Properties.NONE);

        peer.expect(ClientFixture.message("last", QoS.AT_MOST_ONCE, 0, false));
        peer.expect(ClientFixture.message("open", QoS.AT_LEAST_ONCE, 1, false));
        peer.expect(new Disconnect(ReasonCode.DISCONNECT_WITH_WILL, Properties.NONE));
        await(left);
        assertThat(await(sent)).isEqualTo(ReasonCode.SUCCESS);
        assertThat(awaitFailure(unanswered).kind()).isEqualTo(MqttException.Kind.CLOSED);
    }

    @Test
    void givesUpAnAttemptWhenItIsToldToLeave() throws IOException {
        CompletionStage<ConnAck> connected = fixture.client(
                        fixture.options().reconnect(ClientFixture.QUICKLY.withFirst()))
                .connect();
        FakeServer.Peer peer = fixture.server.accept();
        peer.expect(Connect.class);
        await(fixture.client().disconnect());

        assertThat(awaitFailure(connected).kind()).isEqualTo(MqttException.Kind.CLOSED);
        peer.expectEnd();
    }

    @Test
    void nothingWorksAfterClose() throws IOException {
        FakeServer.Peer peer = fixture.connect(fixture.options());
        fixture.client().close();
        peer.expect(Disconnect.class);

        assertThat(awaitFailure(fixture.client().connect()).kind()).isEqualTo(MqttException.Kind.CLOSED);
        assertThat(awaitFailure(fixture.client().subscribe("a", QoS.AT_MOST_ONCE)))
                .isNotNull();
        assertThat(awaitFailure(fixture.publish("x", QoS.AT_MOST_ONCE))).isNotNull();
        fixture.client().close();
    }

    @Test
    void optionsOutOfRangeAreNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ClientOptions.builder("h", 0).build())
                .withMessageContaining("port");
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> fixture.options().keepAlive(Duration.ofDays(1)).build())
                .withMessageContaining("keep alive");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> fixture.options()
                        .connectProperties(Properties.builder()
                                .integer(Property.RECEIVE_MAXIMUM, 1)
                                .build())
                        .build())
                .withMessageContaining("RECEIVE_MAXIMUM");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Reconnect(Duration.ofSeconds(2), Duration.ofSeconds(1), false));
    }
}
