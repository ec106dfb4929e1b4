// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.upwell.broker.access.Authentication;
import org.upwell.broker.access.Credentials;
import org.upwell.broker.access.Permissions;
import org.upwell.broker.access.Principal;
import org.upwell.broker.access.RefusalCause;
import org.upwell.broker.message.Message;
import org.upwell.codec.Auth;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.PubAck;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;

/// The method `BEARER` and AUTH on a live connection, over real sockets (MQTT 5 §4.12.1). A token of these tests
/// reads `tenant:role:issued at`, and its role is the level below the tenant on which its bearer may publish and
/// subscribe.
@Timeout(60)
class ReauthenticationTest {

    private static final MqttVersion VERSION = MqttVersion.MQTT_5;

    private TestBroker broker;
    private volatile @Nullable CompletableFuture<Void> gate;

    @BeforeEach
    void start() throws IOException {
        TestBroker.Options options = new TestBroker.Options();
        options.anonymous = false;
        options.authenticator = this::authenticate;
        options.authorizer = ReauthenticationTest::permissions;
        broker = options.start();
    }

    @AfterEach
    void stop() {
        broker.close();
    }

    private CompletionStage<Authentication> authenticate(Credentials credentials) {
        String[] claims =
                EnhancedAuthenticationTest.text(credentials.password()).split(":", -1);
        Authentication outcome = credentials.userName() == null && claims.length == 3
                ? new Authentication.Admitted(new Principal(
                        claims[0],
                        claims[0],
                        Set.of(claims[1]),
                        Instant.ofEpochSecond(Long.parseLong(claims[2])),
                        null))
                : new Authentication.Refused(RefusalCause.BAD_CREDENTIALS, "no token");
        CompletableFuture<Void> waits = gate;
        return waits == null ? CompletableFuture.completedFuture(outcome) : waits.thenApply(_ -> outcome);
    }

    private static Permissions permissions(Principal principal) {
        Principal narrow = Principal.of(
                principal.tenant() + "/" + principal.roles().iterator().next(), principal.name(), principal.roles());
        boolean none = principal.roles().contains("none");
        Permissions granted = TestBroker.permissions(narrow);
        return none ? Permissions.NONE : granted;
    }

    private TestClient connected(String token) throws IOException {
        TestClient client = new TestClient(broker.address(), VERSION);
        ConnAck answer = client.connect("c", true, EnhancedAuthenticationTest.method("BEARER", token));
        assertThat(answer.reason()).isEqualTo(ReasonCode.SUCCESS);
        assertThat(answer.properties().string(Property.AUTHENTICATION_METHOD)).isEqualTo("BEARER");
        return client;
    }

    private static Auth renew(@Nullable String token) {
        return new Auth(ReasonCode.REAUTHENTICATE, EnhancedAuthenticationTest.method("BEARER", token));
    }

    @Test
    void tokenInTheAuthenticationDataIsCheckedAsOneInThePassword() throws IOException {
        try (TestClient good = connected("acme:a:1");
                TestClient bad = new TestClient(broker.address(), VERSION);
                TestClient missing = new TestClient(broker.address(), VERSION)) {
            assertThat(good.subscribe("acme/a/#", QoS.AT_LEAST_ONCE).reasons())
                    .containsExactly(ReasonCode.GRANTED_QOS_1);
            assertThat(bad.connect("bad", true, EnhancedAuthenticationTest.method("BEARER", "not a token"))
                            .reason())
                    .isEqualTo(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
            assertThat(missing.connect("missing", true, EnhancedAuthenticationTest.method("BEARER", null))
                            .reason())
                    .isEqualTo(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
        }
    }

    /// [MQTT-4.12.1-1]; rights are those of the new token at once, for what is subscribed too.
    @Test
    void freshTokenReplacesTheRightsOfTheLiveConnection() throws IOException {
        try (TestClient client = connected("acme:a:1")) {
            client.subscribe("acme/a/x", QoS.AT_MOST_ONCE);
            client.publish("acme/b/x", "too early", QoS.AT_LEAST_ONCE);
            assertThat(client.receive(PubAck.class).reason()).isEqualTo(ReasonCode.NOT_AUTHORIZED);
            client.send(renew("acme:b:2"));
            Auth answer = client.receive(Auth.class);
            assertThat(answer.reason()).isEqualTo(ReasonCode.SUCCESS);
            assertThat(answer.properties().string(Property.AUTHENTICATION_METHOD))
                    .isEqualTo("BEARER");
            client.subscribe("acme/b/x", QoS.AT_MOST_ONCE);
            client.publish("acme/b/x", "mine", QoS.AT_LEAST_ONCE);
            assertThat(List.of(
                            client.receivePayload(),
                            client.receive(PubAck.class).reason()))
                    .containsExactly("mine", ReasonCode.SUCCESS);
            client.publish("acme/a/x", "no more", QoS.AT_LEAST_ONCE);
            assertThat(client.receive(PubAck.class).reason()).isEqualTo(ReasonCode.NOT_AUTHORIZED);
            broker.broker.publish(Message.of("acme/a/x", new byte[1], 0));
            broker.broker.publish(Message.of("acme/b/x", new byte[] {'b'}, 0));
            assertThat(client.receivePayload()).isEqualTo("b");
            assertThat(broker.broker
                            .sessions()
                            .find("acme", "c")
                            .orElseThrow()
                            .principal()
                            .issuedAt())
                    .isEqualTo(Instant.ofEpochSecond(2));
        }
    }

    /// Section 4.12.1 lets all else go on meanwhile, by the rights of before.
    @Test
    void otherPacketsGoOnWhileTheTokenIsChecked() throws IOException {
        try (TestClient client = connected("acme:a:1")) {
            CompletableFuture<Void> later = new CompletableFuture<>();
            gate = later;
            client.send(renew("acme:b:2"));
            client.subscribe("acme/a/x", QoS.AT_MOST_ONCE);
            client.publish("acme/a/x", "meanwhile", QoS.AT_MOST_ONCE);
            assertThat(client.receivePayload()).isEqualTo("meanwhile");
            client.expectNothingButPong();
            later.complete(null);
            assertThat(client.receive(Auth.class).reason()).isEqualTo(ReasonCode.SUCCESS);
        }
    }

    static Stream<Arguments> failures() {
        return Stream.of(
                Arguments.of("bad token", renew("rubbish"), ReasonCode.NOT_AUTHORIZED),
                Arguments.of("no token", renew(null), ReasonCode.NOT_AUTHORIZED),
                Arguments.of("other tenant", renew("zenith:a:2"), ReasonCode.NOT_AUTHORIZED),
                Arguments.of("older token", renew("acme:a:0"), ReasonCode.NOT_AUTHORIZED),
                Arguments.of("no rights", renew("acme:none:2"), ReasonCode.NOT_AUTHORIZED),
                Arguments.of(
                        "other method",
                        new Auth(ReasonCode.REAUTHENTICATE, EnhancedAuthenticationTest.method("RIDDLE", "x")),
                        ReasonCode.PROTOCOL_ERROR),
                Arguments.of(
                        "answer to no question",
                        new Auth(
                                ReasonCode.CONTINUE_AUTHENTICATION,
                                EnhancedAuthenticationTest.method("BEARER", "acme:a:2")),
                        ReasonCode.PROTOCOL_ERROR));
    }

    /// [MQTT-4.12.1-2]
    @ParameterizedTest(name = "{0}")
    @MethodSource("failures")
    void failureEndsTheConnection(String name, Auth packet, ReasonCode reason) throws IOException {
        try (TestClient client = connected("acme:a:1")) {
            client.send(packet);
            assertThat(client.receive(Disconnect.class).reason()).isEqualTo(reason);
            client.expectClosed();
        }
    }

    @Test
    void secondReauthenticationDuringTheFirstIsAProtocolError() throws IOException {
        try (TestClient client = connected("acme:a:1")) {
            gate = new CompletableFuture<>();
            client.send(renew("acme:a:2"), renew("acme:a:3"));
            assertThat(client.receive(Disconnect.class).reason()).isEqualTo(ReasonCode.PROTOCOL_ERROR);
            client.expectClosed();
        }
    }

    /// [MQTT-4.12.0-6], [MQTT-4.12.0-7]
    @Test
    void authOfAClientThatNamedNoMethodIsAProtocolError() throws IOException {
        TestBroker.Options options = new TestBroker.Options();
        try (TestBroker plain = options.start();
                TestClient client = new TestClient(plain.address(), VERSION)) {
            ConnAck answer = client.connect("c", true, Properties.NONE);
            assertThat(answer.properties().has(Property.AUTHENTICATION_METHOD)).isFalse();
            client.send(renew("acme:a:2"));
            assertThat(client.receive(Disconnect.class).reason()).isEqualTo(ReasonCode.PROTOCOL_ERROR);
            client.expectClosed();
        }
    }
}
