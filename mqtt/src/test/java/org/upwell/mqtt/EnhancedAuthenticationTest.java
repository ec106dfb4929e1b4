// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.upwell.broker.access.Principal;
import org.upwell.broker.access.RefusalCause;
import org.upwell.broker.event.BrokerEvent;
import org.upwell.codec.Auth;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.PingReq;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.ReasonCode;
import org.upwell.mqtt.hook.EnhancedAuthenticator;
import org.upwell.mqtt.hook.Hooks;

/// Enhanced authentication before CONNACK, over real sockets (MQTT 5 §4.12).
@Timeout(60)
class EnhancedAuthenticationTest {

    private static final MqttVersion VERSION = MqttVersion.MQTT_5;

    /// Asks for the word behind `challenge`, which is `response`.
    private static final class Riddle implements EnhancedAuthenticator {

        final AtomicInteger abandoned = new AtomicInteger();

        @Override
        public String method() {
            return "RIDDLE";
        }

        @Override
        public Exchange begin(Start start) {
            return new Exchange() {
                private boolean asked;

                @Override
                public CompletionStage<Step> next(byte @Nullable [] data) {
                    if (!asked) {
                        asked = true;
                        return CompletableFuture.completedFuture(
                                new Step.Continue(bytes("challenge for " + text(data))));
                    }
                    return CompletableFuture.completedFuture(
                            text(data).equals("response")
                                    ? new Step.Success(
                                            Principal.of("acme", start.clientId(), Set.of("all")), bytes("welcome"))
                                    : new Step.Failure(RefusalCause.BAD_CREDENTIALS, "wrong answer"));
                }

                @Override
                public void abandoned() {
                    abandoned.incrementAndGet();
                }
            };
        }
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte @Nullable [] data) {
        return data == null ? "nobody" : new String(data, StandardCharsets.UTF_8);
    }

    static Properties method(String method, @Nullable String data) {
        return AuthExchange.toProperties(method, data == null ? null : bytes(data));
    }

    private static Auth answer(String method, String data) {
        return new Auth(ReasonCode.CONTINUE_AUTHENTICATION, method(method, data));
    }

    private static TestBroker started(EnhancedAuthenticator authenticator) throws IOException {
        return started(authenticator, new TestLimits());
    }

    private static TestBroker started(EnhancedAuthenticator authenticator, TestLimits limits) throws IOException {
        TestBroker.Options options = new TestBroker.Options();
        options.limits = limits.build();
        TestBroker broker = options.start();
        broker.server
                .hooks()
                .replace(Hooks.builder().authenticator(authenticator).build());
        return broker;
    }

    private static Connect connect(String method, @Nullable String data) {
        return TestClient.connectPacket(VERSION, "c", true, method(method, data));
    }

    /// [MQTT-4.12.0-1]
    @Test
    void unknownMethodIsRefused() throws IOException {
        try (TestBroker broker = started(new Riddle());
                TestClient client = new TestClient(broker.address(), VERSION)) {
            assertThat(client.connect(connect("KERBEROS", null)).reason())
                    .isEqualTo(ReasonCode.BAD_AUTHENTICATION_METHOD);
            client.expectClosed();
        }
    }

    /// [MQTT-4.12.0-2], [MQTT-4.12.0-3], [MQTT-4.12.0-5]
    @Test
    void exchangeOfAuthPacketsLeadsToConnAck() throws IOException {
        try (TestBroker broker = started(new Riddle());
                TestClient client = new TestClient(broker.address(), VERSION)) {
            client.send(connect("RIDDLE", "gandalf"));
            Auth challenge = client.receive(Auth.class);
            assertThat(challenge.reason()).isEqualTo(ReasonCode.CONTINUE_AUTHENTICATION);
            assertThat(challenge.properties().string(Property.AUTHENTICATION_METHOD))
                    .isEqualTo("RIDDLE");
            assertThat(text(challenge.properties().binary(Property.AUTHENTICATION_DATA)))
                    .isEqualTo("challenge for gandalf");
            client.send(answer("RIDDLE", "response"));
            ConnAck connAck = client.receive(ConnAck.class);
            assertThat(connAck.reason()).isEqualTo(ReasonCode.SUCCESS);
            assertThat(connAck.properties().string(Property.AUTHENTICATION_METHOD))
                    .isEqualTo("RIDDLE");
            assertThat(text(connAck.properties().binary(Property.AUTHENTICATION_DATA)))
                    .isEqualTo("welcome");
            client.expectNothingButPong();
            assertThat(broker.broker.sessions().find("acme", "c")).isPresent();
        }
    }

    /// [MQTT-4.12.0-4]
    @Test
    void wrongAnswerIsRefusedInConnAck() throws IOException {
        try (TestBroker broker = started(new Riddle());
                TestClient client = new TestClient(broker.address(), VERSION)) {
            client.send(connect("RIDDLE", null));
            client.receive(Auth.class);
            client.send(answer("RIDDLE", "melon"));
            ConnAck refusal = client.receive(ConnAck.class);
            assertThat(refusal.reason()).isEqualTo(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
            assertThat(refusal.properties().string(Property.REASON_STRING)).isEqualTo("wrong answer");
            client.expectClosed();
            assertThat(broker.events.stream().filter(BrokerEvent.ConnectionRefused.class::isInstance))
                    .hasSize(1);
        }
    }

    static Stream<Arguments> outOfPlace() {
        return Stream.of(
                // [MQTT-3.1.2-30]
                Arguments.of("other packet", PingReq.INSTANCE),
                // [MQTT-4.12.0-5]
                Arguments.of("other method", answer("BEARER", "response")),
                Arguments.of("re-authentication", new Auth(ReasonCode.REAUTHENTICATE, method("RIDDLE", "response"))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("outOfPlace")
    void anythingElseBeforeConnAckIsAProtocolError(String name, Packet packet) throws IOException {
        Riddle riddle = new Riddle();
        try (TestBroker broker = started(riddle);
                TestClient client = new TestClient(broker.address(), VERSION)) {
            client.send(connect("RIDDLE", null));
            client.receive(Auth.class);
            client.send(packet);
            assertThat(client.receive(ConnAck.class).reason()).isEqualTo(ReasonCode.PROTOCOL_ERROR);
            client.expectClosed();
            await().untilAsserted(() -> assertThat(riddle.abandoned).hasValue(1));
        }
    }

    @Test
    void clientMayGiveUp() throws IOException {
        Riddle riddle = new Riddle();
        try (TestBroker broker = started(riddle);
                TestClient client = new TestClient(broker.address(), VERSION)) {
            client.send(connect("RIDDLE", null));
            client.receive(Auth.class);
            client.send(new Disconnect(ReasonCode.SUCCESS, Properties.NONE));
            client.expectClosed();
            await().untilAsserted(() -> assertThat(riddle.abandoned).hasValue(1));
            await().until(() -> broker.server.connectionCount() == 0);
        }
    }

    @Test
    void clientThatDoesNotGoOnIsRefusedInTime() throws IOException {
        Riddle riddle = new Riddle();
        TestLimits soon = new TestLimits().connectTimeout(Duration.ofSeconds(3));
        try (TestBroker broker = started(riddle, soon);
                TestClient client = new TestClient(broker.address(), VERSION)) {
            client.send(connect("RIDDLE", null));
            client.receive(Auth.class);
            assertThat(client.receive(ConnAck.class).reason()).isEqualTo(ReasonCode.NOT_AUTHORIZED);
            client.expectClosed();
            await().untilAsserted(() -> assertThat(riddle.abandoned).hasValue(1));
        }
    }

    @SuppressWarnings("NullAway") // Methods are not ours and may answer what they must not.
    static Stream<Arguments> broken() {
        Function<Throwable, EnhancedAuthenticator.Exchange> failing =
                fault -> data -> CompletableFuture.failedFuture(fault);
        return Stream.of(
                Arguments.of("fails", failing.apply(new IOException("no connection to the directory"))),
                Arguments.of("throws", (EnhancedAuthenticator.Exchange) data -> {
                    throw new IllegalStateException("broken");
                }),
                Arguments.of("answers nothing", (EnhancedAuthenticator.Exchange)
                        data -> CompletableFuture.completedFuture(null)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("broken")
    void brokenMethodRefusesAsNotAvailable(String name, EnhancedAuthenticator.Exchange exchange) throws IOException {
        EnhancedAuthenticator broken = new EnhancedAuthenticator() {
            @Override
            public String method() {
                return "BROKEN";
            }

            @Override
            public Exchange begin(Start start) {
                return exchange;
            }
        };
        try (TestBroker broker = started(broken);
                TestClient client = new TestClient(broker.address(), VERSION)) {
            assertThat(client.connect(connect("BROKEN", null)).reason()).isEqualTo(ReasonCode.SERVER_UNAVAILABLE);
            client.expectClosed();
        }
    }

    /// Only CONNECT begins an exchange, and only MQTT 5 has AUTH.
    @Test
    void authBeforeConnectEndsTheConnection() throws IOException {
        try (TestBroker broker = started(new Riddle());
                TestClient client = new TestClient(broker.address(), VERSION)) {
            client.send(answer("RIDDLE", "response"));
            client.expectClosed();
        }
    }
}
