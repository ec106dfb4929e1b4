// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
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
import org.junit.jupiter.params.provider.EnumSource;
import org.upwell.access.registry.AccessDirectory;
import org.upwell.access.token.TokenIssuer;
import org.upwell.app.config.UpwellConfig;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Properties;
import org.upwell.codec.PubAck;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;
import org.upwell.gateway.Gateway;

/// What is changed in the access directory by another process, as the commands do, reaches live connections and
/// CoAP sessions of a running server within five seconds, or somewhat more on a machine that is busy with other
/// things.
@Timeout(60)
class LiveAccessTest {

    private static final Duration IN_TIME = Duration.ofSeconds(15);
    private static final Duration PROMISED = Duration.ofSeconds(5);

    /// Looks at a file until a change of it holds, if one just missed it: by `SharedFileTest` what programs replace is
    /// read at the next look, and what people edit at the second at which it is at rest.
    private static final int LOOKS = 3;

    private static final String TENANT = "acme";

    @TempDir
    private Path directory;

    private UpwellServer server;
    private AccessDirectory elsewhere;

    @BeforeEach
    void start() throws Exception {
        Path file = directory.resolve("upwell.yaml");
        Path data = directory.resolve("data");
        Files.writeString(file, """
                data-directory: DATA
                mqtt: {listeners: [{name: tcp, port: 0}]}
                http: {port: 0}
                https: {port: 0}
                gateway: {coap: {port: 0}, field: {port: 0}}
                """.replace("DATA", data.toString()));
        server = UpwellServer.start(UpwellConfig.load(file), InstantSource.system());
        server.access().directory().tenants().add(TENANT);
        server.access().directory().users().add("olga", "geheim", Set.of("OPERATOR"));
        elsewhere = AccessDirectory.open(data);
    }

    @AfterEach
    void stop() {
        elsewhere.close();
        server.close();
    }

    private String token() {
        return new TokenIssuer("upwell", server.access().keys(), InstantSource.system())
                .issue(TENANT, List.of("APPLICATION"))
                .token();
    }

    private MqttSocket connected(MqttVersion version, String user, String password) throws IOException {
        MqttSocket client = new MqttSocket(server.mqttAddress("tcp"), version);
        assertThat(client.connect("c-" + user, user, password).reason()).isEqualTo(ReasonCode.SUCCESS);
        return client;
    }

    @FunctionalInterface
    private interface Change {
        void run() throws IOException;
    }

    /// The packet that ends the connection in 5, and its end in each version, in time.
    private static void endsAfter(Change change, MqttSocket client, MqttVersion version) throws IOException {
        long begin = System.nanoTime();
        change.run();
        if (version.isMqtt5()) {
            assertThat(client.receive(Disconnect.class).reason()).isEqualTo(ReasonCode.NOT_AUTHORIZED);
        }
        assertThat(client.receive()).isNull();
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(IN_TIME);
    }

    /// What the tests below cannot measure where others use the machine too.
    @Test
    void filesAreLookedAtOftenEnoughForThePromise() {
        assertThat(AccessDirectory.WATCH_PERIOD.multipliedBy(LOOKS)).isLessThan(PROMISED);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void connectionsOfADisabledTenantEnd(MqttVersion version) throws IOException {
        try (MqttSocket tenants = connected(version, "notused", token());
                MqttSocket users = connected(version, "olga", "geheim")) {
            endsAfter(() -> elsewhere.tenants().enable(TENANT, false), tenants, version);
            endsAfter(() -> elsewhere.users().remove("olga"), users, version);
        }
    }

    @Test
    void connectionsOfARemovedTenantEnd() throws IOException {
        try (MqttSocket client = connected(MqttVersion.MQTT_5, "notused", token())) {
            endsAfter(() -> elsewhere.tenants().remove(TENANT), client, MqttVersion.MQTT_5);
        }
    }

    @Test
    void connectionsThatLoggedInWithTheOldPasswordEnd() throws IOException {
        try (MqttSocket client = connected(MqttVersion.MQTT_3_1_1, "olga", "geheim")) {
            endsAfter(() -> elsewhere.users().changePassword("olga", "neu"), client, MqttVersion.MQTT_3_1_1);
        }
    }

    @Test
    void aUsersNewRolesHoldForItsLiveConnection() throws IOException {
        try (MqttSocket client = connected(MqttVersion.MQTT_5, "olga", "geheim")) {
            assertThat(publish(client, "acme/app/x")).isEqualTo(ReasonCode.NO_MATCHING_SUBSCRIBERS);
            elsewhere.users().changeRoles("olga", Set.of("BUBBLE_UP_PRODUCER"));
            awaitReason(client, "acme/app/x", ReasonCode.NOT_AUTHORIZED);
            assertThat(publish(client, "acme/read/0013500500000001/temp"))
                    .isEqualTo(ReasonCode.NO_MATCHING_SUBSCRIBERS);

            endsAfter(() -> elsewhere.users().changeRoles("olga", Set.of()), client, MqttVersion.MQTT_5);
        }
    }

    /// Publishing and what a subscription brings, as the table says by now.
    @Test
    void aNewRoleTableHoldsForLiveConnections() throws IOException {
        try (MqttSocket client = connected(MqttVersion.MQTT_5, "notused", token());
                MqttSocket operator = connected(MqttVersion.MQTT_5, "olga", "geheim")) {
            client.subscribe("acme/app/#");
            Path roles = elsewhere.files().path().resolve("roles.yaml");
            Files.writeString(roles, """
                    format: 1
                    roles:
                      APPLICATION: [{allow: both, topic: "{tenantId}/app/kept/#"}]
                    """);
            awaitReason(client, "acme/app/x", ReasonCode.NOT_AUTHORIZED);

            assertThat(publish(operator, "acme/app/x")).isEqualTo(ReasonCode.SUCCESS);
            assertThat(publish(operator, "acme/app/kept/x")).isEqualTo(ReasonCode.SUCCESS);
            assertThat(client.receive(Publish.class).topic()).isEqualTo("acme/app/kept/x");
        }
    }

    private static ReasonCode publish(MqttSocket client, String topic) throws IOException {
        client.send(new Publish(topic, new byte[] {'x'}, QoS.AT_LEAST_ONCE, false, false, 7, Properties.NONE));
        while (true) {
            switch (client.receive()) {
                case PubAck ack -> {
                    return ack.reason();
                }
                // Its own subscription.
                case Publish publish -> client.send(new PubAck(publish.packetId()));
                case null -> throw new AssertionError("the connection was closed");
                default -> throw new AssertionError("neither PUBACK nor PUBLISH");
            }
        }
    }

    private static void awaitReason(MqttSocket client, String topic, ReasonCode expected) {
        await().atMost(IN_TIME).until(() -> publish(client, topic) == expected);
    }

    @Test
    void coapSessionsOfADisabledTenantAndARemovedUserEnd() throws IOException {
        Gateway gateway = server.gateway().orElseThrow();
        try (DatagramSocket tenants = new DatagramSocket();
                DatagramSocket users = new DatagramSocket()) {
            login(tenants, gateway, new String[0], token());
            login(users, gateway, new String[] {"user=olga", "pass=geheim"}, "");
            assertThat(gateway.openSessions()).isEqualTo(2);

            elsewhere.tenants().enable(TENANT, false);
            await().atMost(IN_TIME).until(() -> gateway.openSessions() == 1);
            elsewhere.users().remove("olga");
            await().atMost(IN_TIME).until(() -> gateway.openSessions() == 0);
        }
    }

    /// `POST /sessions`, written out; fails unless it is answered by 2.01.
    private static void login(DatagramSocket socket, Gateway gateway, String[] query, String payload)
            throws IOException {
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes(new byte[] {0x40, 0x02, 0x12, 0x34});
        request.write(0xB8); // Uri-Path of 8 bytes
        request.writeBytes("sessions".getBytes(StandardCharsets.US_ASCII));
        int delta = 4; // Uri-Query
        for (String each : query) {
            request.write(delta << 4 | each.length());
            request.writeBytes(each.getBytes(StandardCharsets.US_ASCII));
            delta = 0;
        }
        if (!payload.isEmpty()) {
            request.write(0xFF);
            request.writeBytes(payload.getBytes(StandardCharsets.US_ASCII));
        }
        byte[] bytes = request.toByteArray();
        socket.setSoTimeout(20_000);
        socket.send(
                new DatagramPacket(bytes, bytes.length, gateway.coapAddresses().getFirst()));
        DatagramPacket answer = new DatagramPacket(new byte[1500], 1500);
        do {
            // An empty acknowledgement may come before the answer, while the password is hashed.
            socket.receive(answer);
        } while (answer.getData()[1] == 0);
        assertThat(answer.getData()[1]).isEqualTo((byte) 0x41);
    }
}
