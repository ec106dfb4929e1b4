// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.upwell.access.token.TokenIssuer;
import org.upwell.app.config.UpwellConfig;
import org.upwell.codec.Auth;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.PubAck;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;

/// Real tokens as authentication data of the method `BEARER`, against a running server.
@Timeout(60)
class TokenRenewalTest {

    private static final String READER = "BUBBLE_UP_READ_CONSUMER";

    @TempDir
    private Path directory;

    private UpwellServer server;

    @BeforeEach
    void start() throws Exception {
        Path file = directory.resolve("upwell.yaml");
        Files.writeString(file, """
                data-directory: DATA
                durability: memory
                mqtt: {listeners: [{name: tcp, port: 0}]}
                http: {port: 0}
                https: {port: 0}
                gateway: {coap: {port: 0}, field: {port: 0}}
                """.replace("DATA", directory.resolve("data").toString()));
        server = UpwellServer.start(UpwellConfig.load(file), InstantSource.system());
        server.access().directory().tenants().add("acme");
        server.access().directory().tenants().add("zenith");
        server.access().directory().users().add("olga", "geheim", Set.of("OPERATOR"));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private String token(String tenant, String role, InstantSource clock) {
        return new TokenIssuer("upwell", server.access().keys(), clock)
                .issue(tenant, List.of(role))
                .token();
    }

    private static Properties bearer(String token) {
        return Properties.builder()
                .string(Property.AUTHENTICATION_METHOD, "BEARER")
                .binary(Property.AUTHENTICATION_DATA, token.getBytes(StandardCharsets.UTF_8))
                .build();
    }

    private MqttSocket connected(String token, ReasonCode expected) throws IOException {
        MqttSocket client = new MqttSocket(server.mqttAddress("tcp"), MqttVersion.MQTT_5);
        client.send(new Connect(MqttVersion.MQTT_5, "c", true, 60, null, "olga", null, bearer(token)));
        assertThat(client.receive(ConnAck.class).reason()).isEqualTo(expected);
        return client;
    }

    private static ReasonCode publish(MqttSocket client, String topic) throws IOException {
        client.send(new Publish(topic, new byte[1], QoS.AT_LEAST_ONCE, false, false, 1, Properties.NONE));
        return client.receive(PubAck.class).reason();
    }

    @Test
    void freshTokenBringsItsRights() throws IOException {
        try (MqttSocket client = connected(token("acme", READER, InstantSource.system()), ReasonCode.SUCCESS)) {
            assertThat(publish(client, "acme/app/x")).isEqualTo(ReasonCode.NOT_AUTHORIZED);
            client.send(
                    new Auth(ReasonCode.REAUTHENTICATE, bearer(token("acme", "APPLICATION", InstantSource.system()))));
            assertThat(client.receive(Auth.class).reason()).isEqualTo(ReasonCode.SUCCESS);
            assertThat(publish(client, "acme/app/x")).isEqualTo(ReasonCode.NO_MATCHING_SUBSCRIBERS);
        }
    }

    /// A password is no token, whatever user name stands beside it.
    @Test
    void passwordIsRefused() throws IOException {
        connected("geheim", ReasonCode.BAD_USER_NAME_OR_PASSWORD).close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"other tenant", "older", "expired", "rubbish"})
    void tokenThatMayNotReplaceTheLastEndsTheConnection(String which) throws IOException {
        InstantSource now = InstantSource.system();
        String next = switch (which) {
            case "other tenant" -> token("zenith", READER, now);
            case "older" -> token("acme", READER, InstantSource.offset(now, Duration.ofMinutes(-5)));
            case "expired" -> token("acme", READER, InstantSource.offset(now, Duration.ofDays(-2)));
            default -> "geheim";
        };
        try (MqttSocket client = connected(token("acme", READER, now), ReasonCode.SUCCESS)) {
            client.send(new Auth(ReasonCode.REAUTHENTICATE, bearer(next)));
            assertThat(client.receive(Disconnect.class).reason()).isEqualTo(ReasonCode.NOT_AUTHORIZED);
            assertThat(client.receive()).isNull();
        }
    }
}
