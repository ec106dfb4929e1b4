// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.upwell.broker.access.Authentication;
import org.upwell.broker.access.Authenticator;
import org.upwell.broker.access.Principal;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.PacketType;
import org.upwell.codec.PingReq;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.PubAck;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.SubAck;
import org.upwell.codec.Subscribe;
import org.upwell.mqtt.hook.ClientInfo;
import org.upwell.mqtt.hook.Hooks;
import org.upwell.mqtt.hook.Interceptor;
import org.upwell.mqtt.hook.PacketAuthorizer;
import org.upwell.mqtt.hook.Verdict;

/// Hooks that fail, answer nonsense or never answer: no connection hangs, and nobody else notices.
@Timeout(60)
class HookFaultsTest {

    private static final MqttVersion VERSION = MqttVersion.MQTT_5;

    private static Publish publish(String topic, String payload, int packetId) {
        return new Publish(
                topic,
                payload.getBytes(StandardCharsets.UTF_8),
                packetId == 0 ? QoS.AT_MOST_ONCE : QoS.AT_LEAST_ONCE,
                false,
                false,
                packetId,
                Properties.NONE);
    }

    /// Adds `letter` to the payload.
    private static Interceptor adding(String letter) {
        return (client, packet) -> {
            Publish publish = (Publish) packet;
            String payload = new String(publish.payload(), StandardCharsets.UTF_8) + letter;
            return CompletableFuture.completedFuture(
                    new Verdict.Pass(publish(publish.topic(), payload, publish.packetId())));
        };
    }

    @SuppressWarnings("NullAway") // Hooks are not ours, so they may hand out null.
    static Stream<Arguments> brokenInterceptors() {
        Interceptor throwing = (client, packet) -> {
            throw new IllegalStateException("thrown by a test");
        };
        Interceptor failing =
                (client, packet) -> CompletableFuture.failedFuture(new IllegalStateException("failed by a test"));
        Interceptor withoutStage = (client, packet) -> null;
        Interceptor withoutVerdict = (client, packet) -> CompletableFuture.completedFuture(null);
        Interceptor withAnotherType =
                (client, packet) -> CompletableFuture.completedFuture(new Verdict.Pass(PingReq.INSTANCE));
        Interceptor withAnotherId = (client, packet) ->
                CompletableFuture.completedFuture(new Verdict.Pass(publish("acme/x", "wrong", 4711)));
        return Stream.of(
                Arguments.of("throws", throwing),
                Arguments.of("fails", failing),
                Arguments.of("has no stage", withoutStage),
                Arguments.of("has no verdict", withoutVerdict),
                Arguments.of("changes the type", withAnotherType),
                Arguments.of("changes the packet id", withAnotherId));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("brokenInterceptors")
    void brokenInterceptorPassesWhatItGotAndTheRestOfTheChainRuns(String name, Interceptor broken) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, VERSION, "c")) {
            client.subscribe("acme/x", QoS.AT_MOST_ONCE);
            broker.server
                    .hooks()
                    .replace(Hooks.builder()
                            .inbound(PacketType.PUBLISH, adding("a"))
                            .inbound(PacketType.PUBLISH, broken)
                            .inbound(PacketType.PUBLISH, adding("c"))
                            .build());
            client.send(publish("acme/x", "-", 1));
            assertThat(client.receivePayload()).isEqualTo("-ac");
            assertThat(client.receive(PubAck.class).packetId()).isEqualTo(1);
            client.expectNothingButPong();
        }
    }

    @SuppressWarnings("NullAway") // Hooks are not ours, so they may hand out null.
    static Stream<Arguments> brokenAuthorizers() {
        return Stream.of(
                Arguments.of("has no stage", answering(null)),
                Arguments.of("has no answer", answering(CompletableFuture.completedFuture(null))));
    }

    @SuppressWarnings("NullAway") // As above.
    private static PacketAuthorizer answering(@Nullable CompletionStage<Boolean> answer) {
        return new PacketAuthorizer() {
            @Override
            public CompletionStage<Boolean> mayPublish(ClientInfo client, Publish publish) {
                return answer;
            }

            @Override
            public CompletionStage<Boolean> maySubscribe(ClientInfo client, Subscribe.Request request) {
                return answer;
            }
        };
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("brokenAuthorizers")
    void brokenAuthorizerMeansNo(String name, PacketAuthorizer broken) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, VERSION, "c")) {
            broker.server.hooks().replace(Hooks.builder().authorizer(broken).build());
            SubAck answer = client.subscribe("acme/x", QoS.AT_MOST_ONCE);
            assertThat(answer.reasons()).containsExactly(ReasonCode.NOT_AUTHORIZED);
            client.send(publish("acme/x", "-", 1));
            assertThat(client.receive(PubAck.class).reason()).isEqualTo(ReasonCode.NOT_AUTHORIZED);
            client.expectNothingButPong();
        }
    }

    @SuppressWarnings("NullAway") // An authenticator is not ours, so it may hand out null.
    static Stream<Arguments> brokenAuthenticators() {
        Authenticator throwing = credentials -> {
            throw new IllegalStateException("thrown by a test");
        };
        Authenticator withoutStage = credentials -> null;
        Authenticator withoutAnswer = credentials -> CompletableFuture.completedFuture(null);
        return Stream.of(
                Arguments.of("throws", throwing),
                Arguments.of("has no stage", withoutStage),
                Arguments.of("has no answer", withoutAnswer));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("brokenAuthenticators")
    void brokenAuthenticatorRefusesAsNotAvailable(String name, Authenticator broken) throws IOException {
        TestBroker.Options options = new TestBroker.Options();
        options.authenticator = broken;
        try (TestBroker broker = options.start();
                TestClient client = new TestClient(broker.address(), VERSION)) {
            Connect connect = TestClient.connectPacket(VERSION, "c", true, Properties.NONE);
            assertThat(client.connect(TestClient.withPassword(connect, "x", "x"))
                            .reason())
                    .isEqualTo(ReasonCode.SERVER_UNAVAILABLE);
            client.expectClosed();
        }
    }

    @ParameterizedTest
    @EnumSource
    void authenticatorThatNeverAnswersRefusesAsNotAvailable(MqttVersion version) throws IOException {
        TestBroker.Options options = new TestBroker.Options().limited(Duration.ofMillis(200), 1 << 20);
        options.authenticator = credentials -> new CompletableFuture<>();
        try (TestBroker broker = options.start();
                TestClient client = new TestClient(broker.address(), version)) {
            Connect connect = TestClient.connectPacket(version, "c", true, Properties.NONE);
            assertThat(client.connect(TestClient.withPassword(connect, "x", "x"))
                            .reason())
                    .isEqualTo(ReasonCode.SERVER_UNAVAILABLE);
            client.expectClosed();
        }
    }

    /// A fault in a step that goes on after a late answer ends the connection, in the words of its version.
    /// [MQTT3-4.8.0-2]: what goes wrong with us ends the connection of the packet.
    @ParameterizedTest
    @EnumSource
    void faultBehindALateAuthenticationEndsTheConnection(MqttVersion version) throws IOException {
        TestBroker.Options options = new TestBroker.Options();
        options.authenticator = credentials -> new CompletableFuture<Authentication>()
                .completeOnTimeout(
                        new Authentication.Admitted(Principal.of("acme", "x", java.util.Set.of("all"))),
                        50,
                        TimeUnit.MILLISECONDS);
        options.authorizer = principal -> {
            throw new IllegalStateException("thrown by a test");
        };
        try (TestBroker broker = options.start();
                TestClient client = new TestClient(broker.address(), version)) {
            Connect connect = TestClient.connectPacket(version, "c", true, Properties.NONE);
            client.send(TestClient.withPassword(connect, "x", "x"));
            assertThat(client.receive(ConnAck.class).reason()).isEqualTo(ReasonCode.SERVER_UNAVAILABLE);
            client.expectClosed();
            assertThat(broker.broker.counters().faults.sum()).isEqualTo(1);
        }
    }

    /// An inbound packet whose handling breaks after its interceptor answered.
    @Test
    void faultBehindAnInterceptorEndsTheConnectionWithAReason() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient other = TestClient.connected(broker, VERSION, "other");
                TestClient client = TestClient.connected(broker, VERSION, "c")) {
            @SuppressWarnings("NullAway") // A hook is not ours, so it may hand out null.
            Interceptor breaking = (info, packet) -> {
                Publish publish = (Publish) packet;
                return CompletableFuture.completedFuture(new Verdict.Pass(new Publish(
                        publish.topic(), null, publish.qos(), false, false, publish.packetId(), Properties.NONE)));
            };
            broker.server
                    .hooks()
                    .replace(Hooks.builder()
                            .inbound(PacketType.PUBLISH, breaking)
                            .build());
            client.send(publish("acme/x", "-", 1));
            assertThat(client.receive(Disconnect.class).reason()).isEqualTo(ReasonCode.UNSPECIFIED_ERROR);
            client.expectClosed();
            other.expectNothingButPong();
            assertThat(broker.broker.counters().faults.sum()).isEqualTo(1);
        }
    }

    /// A last packet waits for its interceptors, but not for ever.
    @Test
    void closeDoesNotWaitForAHookThatNeverAnswers() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, VERSION, "c")) {
            broker.server
                    .hooks()
                    .replace(Hooks.builder()
                            .outbound(PacketType.PINGRESP, (info, packet) -> new CompletableFuture<>())
                            .build());
            client.send(PingReq.INSTANCE, new Disconnect(ReasonCode.SUCCESS, Properties.NONE));
            client.expectClosed();
        }
    }

    /// A client that is gone while a hook never answers is given up in the end, and its will published.
    @Test
    void clientThatIsGoneDoesNotWaitForAHookThatNeverAnswers() throws Exception {
        TestBroker.Options options = new TestBroker.Options().limited(Duration.ofMillis(200), 1 << 20);
        try (TestBroker broker = options.start();
                TestClient watcher = TestClient.connected(broker, VERSION, "watcher")) {
            watcher.subscribe("acme/will", QoS.AT_MOST_ONCE);
            CompletableFuture<Void> asked = new CompletableFuture<>();
            broker.server
                    .hooks()
                    .replace(Hooks.builder()
                            .inbound(PacketType.PUBLISH, (info, packet) -> {
                                asked.complete(null);
                                return new CompletableFuture<>();
                            })
                            .build());
            try (TestClient gone = new TestClient(broker.address(), VERSION)) {
                gone.connect(TestClient.withWill(
                        TestClient.connectPacket(VERSION, "gone", true, Properties.NONE),
                        new Connect.Will("acme/will", new byte[] {'w'}, QoS.AT_MOST_ONCE, false, Properties.NONE)));
                gone.send(publish("acme/x", "-", 1));
                asked.get(10, TimeUnit.SECONDS);
            }
            assertThat(watcher.receivePayload()).isEqualTo("w");
        }
    }

    /// What a hook kept from the client gives its quota back, also when it was its interceptors' answer that made
    /// it larger than the client takes.
    @Test
    void quotaOfAMessageThatDidNotLeaveGoesToTheNext() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient publisher = TestClient.connected(broker, VERSION, "publisher");
                TestClient client = new TestClient(broker.address(), VERSION)) {
            client.connect(
                    "c",
                    true,
                    Properties.builder()
                            .integer(Property.RECEIVE_MAXIMUM, 1)
                            .integer(Property.MAXIMUM_PACKET_SIZE, 1000)
                            .build());
            client.subscribe("acme/x", QoS.AT_LEAST_ONCE);
            Interceptor late = (info, packet) ->
                    new CompletableFuture<Verdict>().completeOnTimeout(verdictOn(packet), 200, TimeUnit.MILLISECONDS);
            broker.server
                    .hooks()
                    .replace(Hooks.builder().outbound(PacketType.PUBLISH, late).build());
            for (String payload : List.of("x".repeat(2000), "prevented", "x".repeat(2000), "last")) {
                publisher.publish("acme/x", payload, QoS.AT_LEAST_ONCE);
                publisher.receive(PubAck.class);
            }
            assertThat(client.receivePayload()).isEqualTo("last");
        }
    }

    private static Verdict verdictOn(Packet packet) {
        boolean prevented = new String(((Publish) packet).payload(), StandardCharsets.UTF_8).equals("prevented");
        return prevented ? new Verdict.Prevent(ReasonCode.SUCCESS) : new Verdict.Pass(packet);
    }
}
