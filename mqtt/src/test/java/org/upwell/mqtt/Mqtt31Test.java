// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.upwell.broker.event.BrokerEvent;
import org.upwell.codec.ConnAck;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Properties;
import org.upwell.codec.PubAck;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.Subscribe;

/// What MQTT 3.1 (`MQIsdp`, level 3) has of its own, over real sockets; what it shares with its successors is in
/// the tests of these, which run for all versions.
@Timeout(60)
class Mqtt31Test {

    private static final MqttVersion VERSION = MqttVersion.MQTT_3_1;

    private static ByteBuf connect(int level, String clientId) {
        ByteBuf body = Unpooled.buffer();
        string(body, "MQIsdp");
        body.writeByte(level).writeByte(0x02).writeShort(60);
        string(body, clientId);
        return Unpooled.wrappedBuffer(Unpooled.buffer().writeByte(0x10).writeByte(body.readableBytes()), body);
    }

    private static void string(ByteBuf out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeShort(bytes.length).writeBytes(bytes);
    }

    /// MQTT 3.1 §3.1: client ids have 1 to 23 characters; longer ones are in use everywhere and do no harm.
    @ParameterizedTest
    @ValueSource(ints = {1, 23, 24, 60})
    void clientIdMayBeLongerThanTheBookSays(int length) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = new TestClient(broker.address(), VERSION)) {
            client.sendBytes(connect(3, "c".repeat(length)));
            assertThat(client.receive(ConnAck.class).reason()).isEqualTo(ReasonCode.SUCCESS);
            client.expectNothingButPong();
        }
    }

    @Test
    void emptyClientIdIsRejectedWithCode2() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = new TestClient(broker.address(), VERSION)) {
            client.sendBytes(connect(3, ""));
            assertThat(client.receive(ConnAck.class).reason()).isEqualTo(ReasonCode.CLIENT_IDENTIFIER_NOT_VALID);
            client.expectClosed();
        }
    }

    /// A bridge that marks itself in the level falls back to the plain level after code 1.
    @ParameterizedTest
    @ValueSource(ints = {0x83, 4, 2})
    void otherLevelIsRefusedWithCode1(int level) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = new TestClient(broker.address(), VERSION)) {
            client.sendBytes(connect(level, "c"));
            assertThat(client.receive(ConnAck.class).reason()).isEqualTo(ReasonCode.UNSUPPORTED_PROTOCOL_VERSION);
            client.expectClosed();
        }
    }

    /// SUBACK of 3.1 can only grant. Closing says no, as it does for a PUBLISH that is refused.
    @ParameterizedTest
    @ValueSource(strings = {"other/#", "acme/#/x", "$share/acme"})
    void refusedSubscriptionEndsTheConnection(String filter) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, VERSION, "c")) {
            client.send(new Subscribe(
                    1,
                    List.of(
                            new Subscribe.Request("acme/a", QoS.AT_LEAST_ONCE),
                            new Subscribe.Request(filter, QoS.AT_LEAST_ONCE)),
                    Properties.NONE));
            client.expectClosed();
            assertThat(broker.events.stream().filter(BrokerEvent.SubscribeRefused.class::isInstance))
                    .hasSize(1);
        }
    }

    /// The clean session flag means in 3.1 what it means in 3.1.1; CONNACK has no flag that tells (the encoder's
    /// tests).
    @Test
    void sessionThatIsNotCleanGoesOn() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient publisher = TestClient.connected(broker, VERSION, "publisher")) {
            try (TestClient first = new TestClient(broker.address(), VERSION)) {
                first.connect("c", false, Properties.NONE);
                first.subscribe("acme/a", QoS.AT_LEAST_ONCE);
            }
            await().until(() -> broker.server.connectionCount() == 1);
            publisher.publish("acme/a", "missed", QoS.AT_LEAST_ONCE);
            publisher.receive(PubAck.class);
            try (TestClient second = new TestClient(broker.address(), VERSION)) {
                second.connect("c", false, Properties.NONE);
                assertThat(second.receivePayload()).isEqualTo("missed");
            }
        }
    }

    @Test
    void sharedSubscriptionsServeIt() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, VERSION, "c")) {
            assertThat(client.subscribe("$share/g/acme/a", QoS.AT_LEAST_ONCE).reasons())
                    .containsExactly(ReasonCode.GRANTED_QOS_1);
            client.publish("acme/a", "x", QoS.AT_MOST_ONCE);
            assertThat(client.receivePayload()).isEqualTo("x");
        }
    }
}
