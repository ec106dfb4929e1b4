// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.hivemq.client.mqtt.MqttGlobalPublishFilter;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5ConnAckException;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5SubAckException;
import com.hivemq.client.mqtt.mqtt5.message.connect.connack.Mqtt5ConnAckReasonCode;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import com.hivemq.client.mqtt.mqtt5.message.subscribe.suback.Mqtt5SubAckReasonCode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.eclipse.paho.client.mqttv3.MqttClient;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.eclipse.paho.client.mqttv3.persist.MemoryPersistence;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Two tenants on one server, with third-party clients, over TLS and with real tokens: nothing crosses.
@Timeout(90)
class TenantIsolationIT {

    @TempDir
    private static Path directory;

    private static Installation installation;
    private static UpwellProcess server;
    private static String alphaToken;
    private static String betaToken;

    @BeforeAll
    static void start() throws Exception {
        installation = new Installation(directory);
        installation.addTenant("alpha");
        installation.addTenant("beta");
        server = installation.startServer(false);
        alphaToken = Tokens.of(installation, "alpha");
        betaToken = Tokens.of(installation, "beta");
    }

    @AfterAll
    static void stop() throws Exception {
        assertThat(server.terminate()).isIn(0, 143);
    }

    private static Mqtt5BlockingClient client(String clientId) throws Exception {
        javax.net.ssl.TrustManagerFactory managers =
                javax.net.ssl.TrustManagerFactory.getInstance(javax.net.ssl.TrustManagerFactory.getDefaultAlgorithm());
        java.security.KeyStore store = java.security.KeyStore.getInstance(java.security.KeyStore.getDefaultType());
        store.load(null, null);
        try (java.io.InputStream in = java.nio.file.Files.newInputStream(installation.ca())) {
            store.setCertificateEntry(
                    "ca",
                    java.security.cert.CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        managers.init(store);
        return Mqtt5Client.builder()
                .identifier(clientId)
                .serverHost("localhost")
                .serverPort(installation.tlsPort)
                .sslConfig()
                .trustManagerFactory(managers)
                .applySslConfig()
                .buildBlocking();
    }

    private static Mqtt5BlockingClient connected(String clientId, String token) throws Exception {
        Mqtt5BlockingClient client = client(clientId);
        client.connectWith()
                .simpleAuth()
                .username("notused")
                .password(token.getBytes(StandardCharsets.UTF_8))
                .applySimpleAuth()
                .send();
        return client;
    }

    @ParameterizedTest
    @ValueSource(strings = {"#", "+/read/#", "beta/read/#", "$share/g/beta/read/#", "$SYS/#", "+/+/+/temp", "alpha/#"})
    void filtersBeyondTheOwnGrantsAreRefused(String filter) throws Exception {
        Mqtt5BlockingClient client = connected("c1", alphaToken);
        try {
            Mqtt5SubAckException refused = org.junit.jupiter.api.Assertions.assertThrows(
                    Mqtt5SubAckException.class,
                    () -> client.subscribeWith().topicFilter(filter).send());
            assertThat(refused.getMqttMessage().getReasonCodes()).containsExactly(Mqtt5SubAckReasonCode.NOT_AUTHORIZED);
        } finally {
            client.disconnect();
        }
    }

    @Test
    void equalClientIdsOfTwoTenantsLiveSideBySideAndMessagesStayAtHome() throws Exception {
        Mqtt5BlockingClient alpha = connected("same", alphaToken);
        Mqtt5BlockingClient beta = connected("same", betaToken);
        try (Mqtt5BlockingClient.Mqtt5Publishes alphas = alpha.publishes(MqttGlobalPublishFilter.ALL);
                Mqtt5BlockingClient.Mqtt5Publishes betas = beta.publishes(MqttGlobalPublishFilter.ALL)) {
            alpha.subscribeWith()
                    .topicFilter("alpha/app/#")
                    .qos(MqttQos.EXACTLY_ONCE)
                    .send();
            beta.subscribeWith()
                    .topicFilter("beta/app/#")
                    .qos(MqttQos.EXACTLY_ONCE)
                    .send();
            alpha.publishWith()
                    .topic("alpha/app/x")
                    .qos(MqttQos.EXACTLY_ONCE)
                    .payload("a".getBytes(StandardCharsets.UTF_8))
                    .send();
            beta.publishWith()
                    .topic("beta/app/x")
                    .qos(MqttQos.AT_LEAST_ONCE)
                    .payload("b".getBytes(StandardCharsets.UTF_8))
                    .send();
            assertThat(payload(alphas.receive(10, TimeUnit.SECONDS))).isEqualTo("a");
            assertThat(payload(betas.receive(10, TimeUnit.SECONDS))).isEqualTo("b");
            assertThat(alphas.receive(300, TimeUnit.MILLISECONDS)).isEmpty();
            assertThat(betas.receive(1, TimeUnit.MILLISECONDS)).isEmpty();
        } finally {
            alpha.disconnect();
            beta.disconnect();
        }
    }

    private static String payload(Optional<Mqtt5Publish> message) {
        return message.map(publish -> new String(publish.getPayloadAsBytes(), StandardCharsets.UTF_8))
                .orElse("nothing");
    }

    @Test
    void publishIntoAnotherTenantsTopicIsRefused() throws Exception {
        Mqtt5BlockingClient alpha = connected("p", alphaToken);
        try {
            org.junit.jupiter.api.Assertions.assertThrows(
                    com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5PubAckException.class,
                    () -> alpha.publishWith()
                            .topic("beta/app/x")
                            .qos(MqttQos.AT_LEAST_ONCE)
                            .send());
        } finally {
            alpha.disconnect();
        }
    }

    @Test
    void tokensThatAreNotOursAreRefusedInConnack() throws Exception {
        String[] parts = alphaToken.split("\\.", -1);
        byte[] signature = Base64.getUrlDecoder().decode(parts[2]);
        signature[10] ^= 1;
        String foreign = parts[0] + "." + parts[1] + "."
                + Base64.getUrlEncoder().withoutPadding().encodeToString(signature);
        String unsigned = Base64.getUrlEncoder()
                        .withoutPadding()
                        .encodeToString("{\"alg\":\"none\"}".getBytes(StandardCharsets.UTF_8))
                + "." + parts[1] + ".";
        for (String bad : new String[] {foreign, unsigned, "wrong"}) {
            Mqtt5ConnAckException refused = org.junit.jupiter.api.Assertions.assertThrows(
                    Mqtt5ConnAckException.class, () -> connected("x", bad));
            assertThat(refused.getMqttMessage().getReasonCode())
                    .isEqualTo(Mqtt5ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD);
        }
    }

    /// Existing clients use Paho's MQTT 3.1.1 client, which after any refusal tries 3.1 at once (field protocol
    /// §3).
    @Test
    void pahoIsRefusedWithTheSameCodeInBothVersionsAndAdmittedWithAToken() throws Exception {
        MqttClient paho = new MqttClient(
                "ssl://localhost:" + installation.tlsPort, "0123456789abcdef0123456789abcdef", new MemoryPersistence());
        MqttConnectOptions options = new MqttConnectOptions();
        options.setSocketFactory(Tokens.trusting(installation.ca()).getSocketFactory());
        options.setUserName("notused");
        options.setPassword("wrong".toCharArray());
        options.setKeepAliveInterval(3);
        MqttException refused =
                org.junit.jupiter.api.Assertions.assertThrows(MqttException.class, () -> paho.connect(options));
        assertThat(refused.getReasonCode()).isEqualTo(4);
        options.setPassword(alphaToken.toCharArray());
        paho.connect(options);
        paho.subscribe("alpha/alert/+/+", 0);
        assertThat(paho.isConnected()).isTrue();
        paho.disconnect();
        paho.close();
    }
}
