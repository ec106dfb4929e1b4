// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.upwell.access.file.SharedDirectory;
import org.upwell.access.token.SigningAlgorithm;
import org.upwell.access.token.SigningKeys;
import org.upwell.access.token.TokenIssuer;
import org.upwell.app.config.UpwellConfig;
import org.upwell.codec.ConnAck;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.PingReq;
import org.upwell.codec.PingResp;
import org.upwell.codec.ReasonCode;

/// Field protocol §3: what CONNACK says to each token that is no good, on real sockets of a whole server.
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LoginRefusalTest {

    private static final String ISSUER = "https://upwell.example";
    private static final String PARTNER = "https://login.example";
    private static final String TENANT = "acme";
    private static final List<String> ROLES = List.of("APPLICATION");

    private final Instant now = InstantSource.system().instant();
    private UpwellServer server;
    private SigningKeys foreignKeys;
    private SharedDirectory foreignDirectory;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("upwell.yaml");
        foreignDirectory = SharedDirectory.open(directory.resolve("foreign"));
        foreignKeys = SigningKeys.open(foreignDirectory, SigningAlgorithm.RS256);
        Path partnerKeys = directory.resolve("partner.json");
        Files.writeString(partnerKeys, foreignKeys.publicJson());
        Files.writeString(file, """
                data-directory: DATA
                access:
                  issuer: https://upwell.example
                  algorithm: ES256
                  clock-skew: 10s
                  issuers:
                    - {name: "https://login.example", keys: KEYS, tenants: [acme, closed], roles: [APPLICATION, OPERATOR]}
                mqtt: {listeners: [{name: tcp, port: 0}]}
                http: {port: 0}
                https: {port: 0}
                """.replace("DATA", directory.resolve("data").toString())
                .replace("KEYS", partnerKeys.toString()));
        server = UpwellServer.start(UpwellConfig.load(file), InstantSource.fixed(now));
        server.access().directory().tenants().add(TENANT);
        server.access().directory().tenants().add("closed");
        server.access().directory().tenants().enable("closed", false);
        server.access().directory().tenants().add("globex");
    }

    @AfterAll
    void stop() {
        server.close();
        foreignDirectory.close();
    }

    private String token(SigningKeys keys, Duration age, String tenant, List<String> roles) {
        return new TokenIssuer(ISSUER, keys, InstantSource.fixed(now.minus(age)))
                .issue(tenant, roles)
                .token();
    }

    /// Of the issuer that the configuration trusts for some tenants and roles.
    private String partners(String tenant, String... roles) {
        return new TokenIssuer(PARTNER, foreignKeys, InstantSource.fixed(now))
                .issue(tenant, List.of(roles))
                .token();
    }

    private String own(Duration age, String tenant) {
        return token(server.access().keys(), age, tenant, ROLES);
    }

    /// A token with the claims of a good one, whose header says that it needs no signature.
    private String unsigned() {
        String[] parts = own(Duration.ZERO, TENANT).split("\\.", -1);
        byte[] header = "{\"alg\":\"none\",\"typ\":\"JWT\"}".getBytes(StandardCharsets.US_ASCII);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(header) + "." + parts[1] + ".";
    }

    private Stream<Arguments> badTokens() {
        return Stream.of(
                        bad(
                                "expired",
                                own(Duration.ofHours(1).plusSeconds(12), TENANT),
                                ReasonCode.BAD_USER_NAME_OR_PASSWORD),
                        bad(
                                "from the future",
                                own(Duration.ofSeconds(-12), TENANT),
                                ReasonCode.BAD_USER_NAME_OR_PASSWORD),
                        bad(
                                "signed with another key",
                                token(foreignKeys, Duration.ZERO, TENANT, ROLES),
                                ReasonCode.BAD_USER_NAME_OR_PASSWORD),
                        bad("unsigned", unsigned(), ReasonCode.BAD_USER_NAME_OR_PASSWORD),
                        bad("of the users' tenant", own(Duration.ZERO, "ssni"), ReasonCode.BAD_USER_NAME_OR_PASSWORD),
                        bad("of an unknown tenant", own(Duration.ZERO, "nobody"), ReasonCode.BAD_USER_NAME_OR_PASSWORD),
                        bad("of a disabled tenant", own(Duration.ZERO, "closed"), ReasonCode.NOT_AUTHORIZED),
                        bad(
                                "with internal roles only",
                                token(server.access().keys(), Duration.ZERO, TENANT, List.of("OPERATOR", "ADMIN")),
                                ReasonCode.NOT_AUTHORIZED),
                        bad(
                                "of a trusted issuer, for a tenant that it does not speak for",
                                partners("globex", "APPLICATION"),
                                ReasonCode.BAD_USER_NAME_OR_PASSWORD),
                        bad(
                                "of a trusted issuer, with roles that it may not assert",
                                partners(TENANT, "BUBBLE_UP_READ_CONSUMER"),
                                ReasonCode.NOT_AUTHORIZED),
                        bad(
                                "of a trusted issuer, with an internal role that it is said to assert",
                                partners(TENANT, "OPERATOR"),
                                ReasonCode.NOT_AUTHORIZED),
                        bad(
                                "of a trusted issuer, for the users' tenant",
                                partners("ssni", "APPLICATION"),
                                ReasonCode.BAD_USER_NAME_OR_PASSWORD))
                .flatMap(arguments -> Stream.of(MqttVersion.MQTT_3_1, MqttVersion.MQTT_3_1_1, MqttVersion.MQTT_5)
                        .map(version -> Arguments.of(
                                arguments.get()[0],
                                version,
                                arguments.get()[1],
                                arguments.get()[2])));
    }

    private static Arguments bad(String what, String token, ReasonCode reason) {
        return Arguments.of(what, token, reason);
    }

    /// In 3.x 4 for bad credentials and 5 for no rights, in 5 0x86 and 0x87 with the reason in words.
    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("badTokens")
    @DisplayName("[MQTT3-3.2.2-4] [MQTT-3.2.2-7] a bad token is refused in CONNACK, and the connection closed")
    void badTokenIsRefusedInConnAck(String what, MqttVersion version, String token, ReasonCode expected)
            throws IOException {
        try (MqttSocket client = socket(version)) {
            ConnAck answer = client.connect("client", "notused", token);

            assertThat(answer.reason()).as(what).isEqualTo(expected);
            assertThat(client.receive()).isNull();
        }
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void tokenOlderThanTheLiveSessionsIsRefusedAndTheSessionStays(MqttVersion version) throws IOException {
        try (MqttSocket live = socket(version);
                MqttSocket late = socket(version);
                MqttSocket next = socket(version)) {
            // Not the other version's, whose last session may not have ended yet.
            String clientId = "takes-turns-" + version;
            assertThat(live.connect(clientId, "notused", own(Duration.ofSeconds(60), TENANT))
                            .reason())
                    .isEqualTo(ReasonCode.SUCCESS);

            assertThat(late.connect(clientId, "notused", own(Duration.ofSeconds(61), TENANT))
                            .reason())
                    .isEqualTo(ReasonCode.NOT_AUTHORIZED);
            assertThat(late.receive()).isNull();
            live.send(PingReq.INSTANCE);
            live.receive(PingResp.class);

            // A newer one takes the session over.
            assertThat(next.connect(clientId, "notused", own(Duration.ZERO, TENANT))
                            .reason())
                    .isEqualTo(ReasonCode.SUCCESS);
        }
    }

    @Test
    void goodTokenIsAdmitted() throws IOException {
        for (MqttVersion version : MqttVersion.values()) {
            try (MqttSocket client = socket(version)) {
                assertThat(client.connect("good", "notused", own(Duration.ofMinutes(59), TENANT))
                                .reason())
                        .isEqualTo(ReasonCode.SUCCESS);
            }
        }
    }

    /// The issuer's and our own clock may differ by what the configuration allows.
    @Test
    void tokenWithinTheClockSkewIsAdmitted() throws IOException {
        for (Duration age : List.of(Duration.ofHours(1).plusSeconds(8), Duration.ofSeconds(-8))) {
            try (MqttSocket client = socket(MqttVersion.MQTT_5)) {
                assertThat(client.connect("skewed" + age, "notused", own(age, TENANT))
                                .reason())
                        .isEqualTo(ReasonCode.SUCCESS);
            }
        }
    }

    @Test
    void trustedIssuersTokenBringsTheRolesThatItMayAssertAndNoOther() throws IOException {
        try (MqttSocket client = socket(MqttVersion.MQTT_5)) {
            String token = partners(TENANT, "APPLICATION", "BUBBLE_UP_READ_CONSUMER", "OPERATOR");
            assertThat(client.connect("partner", "notused", token).reason()).isEqualTo(ReasonCode.SUCCESS);
            assertThat(client.subscribe("acme/app/#").reasons()).containsExactly(ReasonCode.GRANTED_QOS_1);
            assertThat(client.subscribe("acme/read/#").reasons()).containsExactly(ReasonCode.NOT_AUTHORIZED);
            assertThat(client.subscribe("globex/app/#").reasons()).containsExactly(ReasonCode.NOT_AUTHORIZED);
        }
    }

    @Test
    void ownTokensAreSignedAsConfigured() {
        assertThat(server.access().keys().publicJson()).contains("ES256").doesNotContain("RS256");
    }

    private MqttSocket socket(MqttVersion version) throws IOException {
        return new MqttSocket(server.mqttAddress("tcp"), version);
    }
}
