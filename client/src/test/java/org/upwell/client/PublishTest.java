// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.upwell.client.ClientFixture.assertPending;
import static org.upwell.client.ClientFixture.await;
import static org.upwell.client.ClientFixture.awaitFailure;
import static org.upwell.client.ClientFixture.message;

import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.PubAck;
import org.upwell.codec.PubComp;
import org.upwell.codec.PubRec;
import org.upwell.codec.PubRel;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;

@Timeout(20)
class PublishTest {

    private ClientFixture fixture;

    @BeforeEach
    void setUp() throws IOException {
        fixture = new ClientFixture();
    }

    @AfterEach
    void tearDown() throws IOException {
        fixture.close();
    }

    @ParameterizedTest
    @EnumSource
    void qos0CompletesWhenItIsWritten(MqttVersion version) throws IOException {
        FakeServer.Peer peer = fixture.connect(fixture.options().version(version));

        assertThat(await(fixture.publish("x", QoS.AT_MOST_ONCE))).isEqualTo(ReasonCode.SUCCESS);
        peer.expect(message("x", QoS.AT_MOST_ONCE, 0, false));
        assertThat(fixture.client().outstanding()).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void qos1CompletesWithPubAck(MqttVersion version) throws IOException {
        FakeServer.Peer peer = fixture.connect(fixture.options().version(version));
        CompletionStage<ReasonCode> sent = fixture.publish("x", QoS.AT_LEAST_ONCE);
        peer.expect(message("x", QoS.AT_LEAST_ONCE, 1, false));
        assertPending(sent);
        assertThat(fixture.client().outstanding()).isOne();
        peer.send(new PubAck(1));

        assertThat(await(sent)).isEqualTo(ReasonCode.SUCCESS);
        assertThat(fixture.client().outstanding()).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void qos2CompletesWithPubComp(MqttVersion version) throws IOException {
        FakeServer.Peer peer = fixture.connect(fixture.options().version(version));
        CompletionStage<ReasonCode> sent = fixture.publish("x", QoS.EXACTLY_ONCE);
        peer.expect(message("x", QoS.EXACTLY_ONCE, 1, false));
        peer.send(new PubRec(1));
        peer.expect(new PubRel(1));
        assertPending(sent);
        peer.send(new PubComp(1));

        assertThat(await(sent)).isEqualTo(ReasonCode.SUCCESS);
    }

    @Test
    void propertiesTopicAndRetainGoAlong() throws IOException {
        FakeServer.Peer peer = fixture.connect(fixture.options());
        Properties properties = Properties.builder()
                .user("mac", "01")
                .string(Property.CONTENT_TYPE, "cbor")
                .build();
        CompletionStage<ReasonCode> sent =
                fixture.client().publish("tenant/read/é", new byte[] {9}, QoS.AT_LEAST_ONCE, true, properties);

        peer.expect(new Publish("tenant/read/é", new byte[] {9}, QoS.AT_LEAST_ONCE, false, true, 1, properties));
        peer.send(new PubAck(1, ReasonCode.NO_MATCHING_SUBSCRIBERS, Properties.NONE));
        assertThat(await(sent)).isEqualTo(ReasonCode.NO_MATCHING_SUBSCRIBERS);
    }

    @Test
    void aRefusedMessageFailsWithTheServersReason() throws IOException {
        FakeServer.Peer peer = fixture.connect(fixture.options());
        CompletionStage<ReasonCode> first = fixture.publish("1", QoS.AT_LEAST_ONCE);
        CompletionStage<ReasonCode> second = fixture.publish("2", QoS.EXACTLY_ONCE);
        peer.expect(Publish.class);
        peer.expect(Publish.class);
        Properties why =
                Properties.builder().string(Property.REASON_STRING, "not yours").build();
        peer.send(
                new PubAck(1, ReasonCode.NOT_AUTHORIZED, why),
                new PubRec(2, ReasonCode.QUOTA_EXCEEDED, Properties.NONE));

        MqttException fault = awaitFailure(first);
        assertThat(fault.reason()).isEqualTo(ReasonCode.NOT_AUTHORIZED);
        assertThat(fault).hasMessage("PUBLISH refused: NOT_AUTHORIZED (not yours)");
        assertThat(awaitFailure(second).reason()).isEqualTo(ReasonCode.QUOTA_EXCEEDED);
        // [MQTT-4.3.3-4]: no PUBREL; and the id is free.
        peer.expectSilence();
        assertThat(fixture.client().outstanding()).isZero();
    }

    @Test
    void messagesLeaveInTheOrderOfTheCallsWhateverTheirQos() throws IOException {
        FakeServer.Peer peer = fixture.connect(fixture.options().maxInFlight(1000));
        List<Publish> expected = new ArrayList<>();
        int packetId = 0;
        for (int i = 0; i < 300; i++) {
            QoS qos = QoS.of(i % 3);
            fixture.publish("m" + i, qos);
            expected.add(message("m" + i, qos, qos == QoS.AT_MOST_ONCE ? 0 : ++packetId, false));
        }
        for (Publish message : expected) {
            peer.expect(message);
        }
    }

    /// [MQTT-3.3.4-7], [MQTT-4.9.0-2]
    @Test
    void theServersReceiveMaximumIsNeverExceeded() throws IOException {
        FakeServer.Peer peer = fixture.connect(
                fixture.options(),
                Properties.builder().integer(Property.RECEIVE_MAXIMUM, 2).build());
        List<CompletionStage<ReasonCode>> sent = new ArrayList<>();
        for (int i = 1; i <= 5; i++) {
            sent.add(fixture.publish("m" + i, i % 2 == 0 ? QoS.EXACTLY_ONCE : QoS.AT_LEAST_ONCE));
        }
        peer.expect(message("m1", QoS.AT_LEAST_ONCE, 1, false));
        peer.expect(message("m2", QoS.EXACTLY_ONCE, 2, false));
        peer.expectSilence();
        peer.send(new PubRec(2));
        peer.expect(new PubRel(2));
        peer.expectSilence();
        peer.send(new PubAck(1));
        peer.expect(message("m3", QoS.AT_LEAST_ONCE, 3, false));
        peer.expectSilence();
        peer.send(new PubComp(2));
        peer.expect(message("m4", QoS.EXACTLY_ONCE, 4, false));
        peer.expectSilence();
        // A refused PUBREC gives its place back too.
        peer.send(new PubRec(4, ReasonCode.UNSPECIFIED_ERROR, Properties.NONE));
        peer.expect(message("m5", QoS.AT_LEAST_ONCE, 5, false));
        peer.send(new PubAck(3), new PubAck(5));

        await(sent.get(4));
        assertThat(fixture.client().outstanding()).isZero();
    }

    @Test
    void ourOwnInFlightLimitHoldsToo() throws IOException {
        FakeServer.Peer peer = fixture.connect(
                fixture.options().version(MqttVersion.MQTT_3_1_1).maxInFlight(1));
        fixture.publish("1", QoS.AT_LEAST_ONCE);
        fixture.publish("2", QoS.AT_LEAST_ONCE);
        peer.expect(message("1", QoS.AT_LEAST_ONCE, 1, false));
        peer.expectSilence();
        peer.send(new PubAck(1));
        peer.expect(message("2", QoS.AT_LEAST_ONCE, 2, false));
    }

    /// [MQTT-3.2.2-11], [MQTT-3.2.2-14], [MQTT-3.2.2-15]
    @Test
    void whatTheServerDoesNotTakeIsRefusedHere() throws IOException {
        FakeServer.Peer peer = fixture.connect(
                fixture.options(),
                Properties.builder()
                        .integer(Property.MAXIMUM_PACKET_SIZE, 20)
                        .integer(Property.MAXIMUM_QOS, 1)
                        .integer(Property.RETAIN_AVAILABLE, 0)
                        .build());

        // Two bytes of header, three of topic, one of property length: 14 are left.
        await(fixture.publish("x".repeat(14), QoS.AT_MOST_ONCE));
        MqttException tooLarge = awaitFailure(fixture.publish("x".repeat(15), QoS.AT_MOST_ONCE));
        assertThat(tooLarge.kind()).isEqualTo(MqttException.Kind.LIMIT);
        assertThat(tooLarge.reason()).isEqualTo(ReasonCode.PACKET_TOO_LARGE);
        assertThat(awaitFailure(fixture.publish("x", QoS.EXACTLY_ONCE)).reason())
                .isEqualTo(ReasonCode.QOS_NOT_SUPPORTED);
        assertThat(awaitFailure(fixture.client().publish("t", new byte[0], QoS.AT_MOST_ONCE, true, Properties.NONE))
                        .reason())
                .isEqualTo(ReasonCode.RETAIN_NOT_SUPPORTED);
        assertThat(awaitFailure(fixture.client().subscribe("a".repeat(15), QoS.AT_MOST_ONCE))
                        .reason())
                .isEqualTo(ReasonCode.PACKET_TOO_LARGE);
        peer.expect(message("x".repeat(14), QoS.AT_MOST_ONCE, 0, false));
        peer.expectSilence();
    }

    @Test
    void aFullQueueRefusesAtOnceAndTakesMoreLater() throws IOException {
        FakeServer.Peer peer = fixture.connect(fixture.options().maxOutstanding(2, 1 << 20));
        CompletionStage<ReasonCode> first = fixture.publish("1", QoS.AT_LEAST_ONCE);
        fixture.publish("2", QoS.AT_LEAST_ONCE);
        MqttException full = awaitFailure(fixture.publish("3", QoS.AT_LEAST_ONCE));
        assertThat(full.kind()).isEqualTo(MqttException.Kind.QUEUE_FULL);
        assertThat(full.reason()).isEqualTo(ReasonCode.QUOTA_EXCEEDED);

        peer.expect(Publish.class);
        peer.expect(Publish.class);
        peer.send(new PubAck(1));
        await(first);
        fixture.publish("4", QoS.AT_LEAST_ONCE);
        peer.expect(message("4", QoS.AT_LEAST_ONCE, 3, false));
    }

    @Test
    void theQueueIsBoundedInBytesTooButTakesOneLargeMessage() throws IOException {
        FakeServer.Peer peer = fixture.connect(fixture.options().maxOutstanding(100, 1000));
        CompletionStage<ReasonCode> large = fixture.publish("x".repeat(5000), QoS.AT_LEAST_ONCE);
        assertThat(awaitFailure(fixture.publish("y", QoS.AT_LEAST_ONCE)).kind())
                .isEqualTo(MqttException.Kind.QUEUE_FULL);
        peer.expect(Publish.class);
        peer.send(new PubAck(1));
        await(large);

        fixture.publish("y", QoS.AT_LEAST_ONCE);
        peer.expect(message("y", QoS.AT_LEAST_ONCE, 2, false));
    }

    @Test
    void withoutAConnectionMessagesAreRefused() {
        fixture.client(fixture.options());

        assertThat(awaitFailure(fixture.publish("x", QoS.AT_LEAST_ONCE)).kind())
                .isEqualTo(MqttException.Kind.CONNECTION_LOST);
        assertThat(fixture.client().outstanding()).isZero();
    }

    @Test
    void callersMayChoosePacketIds() throws IOException {
        FakeServer.Peer peer = fixture.connect(fixture.options());
        CompletionStage<ReasonCode> sent = fixture.client().publish(message("x", QoS.AT_LEAST_ONCE, 777, true));
        CompletionStage<ReasonCode> again = fixture.client().publish(message("y", QoS.AT_LEAST_ONCE, 777, false));

        peer.expect(message("x", QoS.AT_LEAST_ONCE, 777, true));
        assertThat(awaitFailure(again).reason()).isEqualTo(ReasonCode.PACKET_IDENTIFIER_IN_USE);
        peer.send(new PubAck(777));
        await(sent);
        fixture.client().publish(message("z", QoS.EXACTLY_ONCE, 777, false));
        peer.expect(message("z", QoS.EXACTLY_ONCE, 777, false));
    }

    @Test
    void dupWithoutAPacketIdIsNotPassedOn() throws IOException {
        FakeServer.Peer peer = fixture.connect(fixture.options());
        fixture.client().publish(message("x", QoS.AT_LEAST_ONCE, 0, true));

        // [MQTT-4.3.2-2]
        peer.expect(message("x", QoS.AT_LEAST_ONCE, 1, false));
    }

    @Test
    void whatMqttCannotExpressIsTheCallersFault() throws IOException {
        MqttClient client = fixture.client(fixture.options());
        for (String topic : List.of("", "a/#", "+", "a\0b", "x".repeat(65_536))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> client.publish(topic, new byte[0], QoS.AT_MOST_ONCE, false, Properties.NONE));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> client.publish(message("x", QoS.AT_MOST_ONCE, 1, false)));
        assertThatIllegalArgumentException().isThrownBy(() -> client.publish(message("x", QoS.AT_MOST_ONCE, 0, true)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> client.publish(message("x", QoS.AT_LEAST_ONCE, 65_536, false)));
        Properties alias = Properties.builder().integer(Property.TOPIC_ALIAS, 1).build();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> client.publish("t", new byte[0], QoS.AT_MOST_ONCE, false, alias));
        assertThatIllegalArgumentException().isThrownBy(() -> client.subscribe("", QoS.AT_MOST_ONCE));
        assertThatIllegalArgumentException().isThrownBy(() -> client.subscribe(List.of(), Properties.NONE));
        assertThatIllegalArgumentException().isThrownBy(() -> client.unsubscribe(List.of("a\0")));
        assertThat(client.outstanding()).isZero();
    }

    @Test
    void answersToNothingAreIgnoredOrAnswered() throws IOException {
        FakeServer.Peer peer = fixture.connect(fixture.options());
        peer.send(new PubAck(9), new PubComp(9), new PubRec(9));

        peer.expect(new PubRel(9, ReasonCode.PACKET_IDENTIFIER_NOT_FOUND, Properties.NONE));
    }

    @Test
    void anAnswerOfTheWrongKindEndsTheConnection() throws IOException {
        FakeServer.Peer peer = fixture.connect(fixture.options());
        CompletionStage<ReasonCode> sent = fixture.publish("x", QoS.EXACTLY_ONCE);
        peer.expect(Publish.class);
        peer.send(new PubAck(1));

        peer.expect(new Disconnect(ReasonCode.PROTOCOL_ERROR, Properties.NONE));
        assertThat(awaitFailure(sent).kind()).isEqualTo(MqttException.Kind.PROTOCOL);
    }

    @Test
    void manyMessagesFromManyThreadsAllArriveInTheOrderOfEachThread() throws Exception {
        FakeServer.Peer peer = fixture.connect(fixture.options().maxOutstanding(100_000, 1 << 30));
        int threads = 4;
        int each = 2_000;
        List<Thread> publishers = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            String name = t + ":";
            publishers.add(Thread.ofPlatform().start(() -> {
                for (int i = 0; i < each; i++) {
                    fixture.publish(name + i, QoS.AT_LEAST_ONCE);
                }
            }));
        }
        int[] next = new int[threads];
        for (int i = 0; i < threads * each; i++) {
            Publish message = peer.expect(Publish.class);
            String[] parts = ClientFixture.text(message).split(":", -1);
            assertThat(Integer.parseInt(parts[1])).isEqualTo(next[Integer.parseInt(parts[0])]++);
            peer.send(new PubAck(message.packetId()));
        }
        for (Thread publisher : publishers) {
            publisher.join();
        }
        await(fixture.client().disconnect());
        assertThat(fixture.client().outstanding()).isZero();
    }

    @Test
    void afterCloseEveryPublishFailsAndTakesNoRoom() throws Exception {
        EventLoopGroup group = Transport.ownGroup();
        MqttClient client = new MqttClient(fixture.options().build(), group);
        client.close();
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();

        for (int i = 0; i < 3; i++) {
            CompletionStage<ReasonCode> result =
                    client.publish("t", new byte[1], QoS.AT_MOST_ONCE, false, Properties.NONE);
            assertThat(awaitFailure(result).kind()).isEqualTo(MqttException.Kind.CLOSED);
        }
        assertThat(client.outstanding()).isZero();
    }
}
