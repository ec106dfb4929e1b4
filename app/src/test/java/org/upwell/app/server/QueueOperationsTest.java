// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.access.token.TokenIssuer;
import org.upwell.app.cli.CommandLineTool;
import org.upwell.app.cli.Terminal;
import org.upwell.app.config.UpwellConfig;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.PubAck;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Queues of a running server by REST and by command, as an administrator and as tenants.
@Timeout(60)
class QueueOperationsTest {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    @TempDir
    private Path directory;

    private UpwellServer server;
    private HttpClient client;

    @BeforeEach
    void start() throws Exception {
        Path file = directory.resolve("upwell.yaml");
        Files.writeString(file, """
                data-directory: DATA
                mqtt: {listeners: [{name: tcp, port: 0}], queue-limit: 3, sys-interval: 100ms}
                http: {port: 0}
                https: {port: 0}
                """.replace("DATA", directory.resolve("data").toString()));
        server = UpwellServer.start(UpwellConfig.load(file), InstantSource.system());
        server.access().directory().tenants().add("acme");
        server.access().directory().tenants().add("globex");
        server.access().directory().users().add("root", "geheim", Set.of("ADMIN"));
        server.access().directory().users().add("olga", "geheim", Set.of("OPERATOR"));
        client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        fill("acme");
        fill("globex");
    }

    @AfterEach
    void stop() {
        client.shutdownNow();
        server.close();
    }

    private String token(String tenant, String... roles) {
        return new TokenIssuer("upwell", server.access().keys(), InstantSource.system())
                .issue(tenant, List.of(roles))
                .token();
    }

    private MqttSocket connected(String tenant, String clientId) throws Exception {
        MqttSocket socket = new MqttSocket(server.mqttAddress("tcp"), MqttVersion.MQTT_5);
        socket.send(new Connect(
                MqttVersion.MQTT_5,
                clientId,
                false,
                60,
                null,
                "token",
                token(tenant, "APPLICATION").getBytes(StandardCharsets.UTF_8),
                Properties.builder()
                        .integer(Property.SESSION_EXPIRY_INTERVAL, 600)
                        .build()));
        assertThat(socket.receive(ConnAck.class).reason()).isEqualTo(ReasonCode.SUCCESS);
        return socket;
    }

    /// The client `a/b` of each tenant is away; three of five messages are in its queue, two were lost.
    private void fill(String tenant) throws Exception {
        try (MqttSocket socket = connected(tenant, "a/b")) {
            socket.subscribe(tenant + "/app/#");
        }
        await().until(() -> !show(tenant).path("online").asBoolean());
        try (MqttSocket publisher = connected(tenant, "p")) {
            for (int i = 1; i <= 5; i++) {
                byte[] payload = ("hello " + i).getBytes(StandardCharsets.UTF_8);
                publisher.send(new Publish(
                        tenant + "/app/" + i, payload, QoS.AT_LEAST_ONCE, false, false, i, Properties.NONE));
                publisher.receive(PubAck.class);
            }
        }
    }

    private static String root() {
        return "Basic " + Base64.getEncoder().encodeToString("root:geheim".getBytes(StandardCharsets.UTF_8));
    }

    private HttpResponse<String> call(String method, String path, String authorization) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + server.httpAddress().getPort() + path);
        return client.send(
                HttpRequest.newBuilder(uri)
                        .method(method, HttpRequest.BodyPublishers.noBody())
                        .header("Authorization", authorization)
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private JsonNode show(String tenant) throws Exception {
        return JSON.readTree(
                call("GET", "/api/tenants/" + tenant + "/queues/a%2Fb", root()).body());
    }

    private String run(int exitCode, String... arguments) throws Exception {
        Path password = Files.writeString(directory.resolve("password"), "geheim");
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        String[] all = new String[arguments.length + 7];
        all[0] = "queue";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        System.arraycopy(
                new String[] {
                    "--url",
                    "http://127.0.0.1:" + server.httpAddress().getPort(),
                    "--user",
                    "root",
                    "--password-file",
                    password.toString()
                },
                0,
                all,
                arguments.length + 1,
                6);
        int code = CommandLineTool.run(new Terminal(new PrintWriter(out), new PrintWriter(err)), all);
        assertThat(code).as("%s%s", out, err).isEqualTo(exitCode);
        return exitCode == 0 ? out.toString() : err.toString();
    }

    @Test
    void aQueueTellsItsDepthLimitsAndLosses() throws Exception {
        JsonNode queue = show("acme").path("queue");
        assertThat(queue.path("messages").asInt()).isEqualTo(3);
        assertThat(queue.path("bytes").asLong()).isEqualTo(3L * ("acme/app/1".length() + "hello 1".length()));
        assertThat(queue.path("limitMessages").asInt()).isEqualTo(3);
        assertThat(queue.path("overflow").asString()).isEqualTo("drop-newest");
        assertThat(queue.path("secondsToFull").asLong()).isZero();
        assertThat(queue.path("droppedTotal").asLong()).isEqualTo(2);
        assertThat(queue.path("dropped").path("queue-full").asLong()).isEqualTo(2);
    }

    @Test
    void anAdministratorPagesThroughAllTenants() throws Exception {
        JsonNode first =
                JSON.readTree(call("GET", "/api/queues?limit=3", root()).body());
        assertThat(first.path("queues")).hasSize(3);
        assertThat(first.path("next").asString()).isEqualTo("globex/a/b");
        JsonNode second = JSON.readTree(
                call("GET", "/api/queues?limit=3&after=globex/a/b", root()).body());
        assertThat(second.path("queues")).hasSize(1);
        assertThat(second.path("queues").get(0).path("clientId").asString()).isEqualTo("p");
        assertThat(second.has("next")).isFalse();
    }

    @Test
    void aTenantSeesItsOwnSessionsAndNoOthers() throws Exception {
        String acme = "Bearer " + token("acme", "APPLICATION");
        JsonNode own =
                JSON.readTree(call("GET", "/api/tenants/acme/queues", acme).body());
        assertThat(own.path("queues"))
                .extracting(each -> each.path("tenant").asString())
                .containsOnly("acme");
        assertThat(call("GET", "/api/queues", acme).statusCode()).isEqualTo(401);
        for (String refused : List.of(
                "GET /api/tenants/globex/queues",
                "GET /api/tenants/globex/groups",
                "GET /api/tenants/globex/queues/a%2Fb",
                "GET /api/tenants/globex/queues/a%2Fb/messages",
                "DELETE /api/tenants/globex/queues/a%2Fb/messages",
                "DELETE /api/tenants/globex/queues/a%2Fb/connection",
                "DELETE /api/tenants/globex/queues/a%2Fb")) {
            String[] parts = refused.split(" ", -1);
            assertThat(call(parts[0], parts[1], acme).statusCode()).as(refused).isEqualTo(403);
            assertThat(call(parts[0], parts[1], "Basic b2xnYTpnZWhlaW0=").statusCode())
                    .as("an operator: %s", refused)
                    .isEqualTo(403);
        }
        assertThat(show("globex").path("queue").path("messages").asInt()).isEqualTo(3);
    }

    @Test
    void messagesAreShownWithPayloadOnlyIfAskedFor() throws Exception {
        String path = "/api/tenants/acme/queues/a%2Fb/messages";
        JsonNode plain = JSON.readTree(call("GET", path + "?limit=2", root()).body());
        assertThat(plain.path("messages")).hasSize(2);
        assertThat(plain.path("messages").get(0).path("topic").asString()).isEqualTo("acme/app/1");
        assertThat(plain.path("messages").get(0).path("payloadBytes").asInt()).isEqualTo(7);
        assertThat(plain.path("messages").get(0).has("payloadBase64")).isFalse();
        JsonNode full =
                JSON.readTree(call("GET", path + "?payload=true", root()).body());
        assertThat(full.path("messages").get(2).path("payloadBase64").asString())
                .isEqualTo(Base64.getEncoder().encodeToString("hello 3".getBytes(StandardCharsets.UTF_8)));
    }

    /// Client `a/b` is there, client `a/b/messages` is not.
    @Test
    void theEndOfAClientIdIsNotTakenForAnAction() throws Exception {
        for (String path : List.of(
                "GET /api/tenants/acme/queues/a%2Fb%2Fmessages",
                "DELETE /api/tenants/acme/queues/a%2Fb%2Fmessages",
                "DELETE /api/tenants/acme/queues/a%2fb%2fconnection",
                "DELETE /api/tenants/acme/queues/a%2Fb%2Fmessages/messages",
                "DELETE /api/tenants/acme%2Fqueues%2Fa%2Fb",
                "DELETE /api/tenants/acme%2fqueues/a%2Fb/messages")) {
            String[] parts = path.split(" ", -1);
            assertThat(call(parts[0], parts[1], root()).statusCode()).as(path).isEqualTo(404);
        }
        assertThat(show("acme").path("queue").path("messages").asInt()).isEqualTo(3);
    }

    @Test
    void aTokenIsShownOnlyMessagesThatItsRolesMayReceive() throws Exception {
        String reader = "Bearer " + token("acme", "BUBBLE_UP_READ_CONSUMER");
        JsonNode answer = JSON.readTree(
                call("GET", "/api/tenants/acme/queues/a%2Fb/messages", reader).body());
        assertThat(answer.path("messages")).isEmpty();
        assertThat(answer.path("hidden").asInt()).isEqualTo(3);
    }

    @Test
    void aTenantPurgesAndDeletesItsOwn() throws Exception {
        String acme = "Bearer " + token("acme", "APPLICATION");
        assertThat(call("DELETE", "/api/tenants/acme/queues/a%2Fb/messages", acme)
                        .body())
                .isEqualTo("{\"purged\":3}");
        assertThat(show("acme").path("queue").path("dropped").path("purged").asLong())
                .isEqualTo(3);
        assertThat(call("DELETE", "/api/tenants/acme/queues/a%2Fb", acme).statusCode())
                .isEqualTo(204);
        assertThat(call("GET", "/api/tenants/acme/queues/a%2Fb", acme).statusCode())
                .isEqualTo(404);
    }

    @Test
    void theCommandDoesAllOfIt() throws Exception {
        assertThat(run(0, "list"))
                .contains("acme\ta/b\toffline\t3/3 messages\t", "\tfull in 0s\t2 dropped", "globex\ta/b\t");
        assertThat(run(0, "list", "--tenant", "acme")).doesNotContain("globex");
        assertThat(run(0, "peek", "a/b", "--tenant", "acme", "--count", "1"))
                .startsWith("acme/app/1\tqos 1\t7 bytes\t")
                .doesNotContain("hello");
        assertThat(run(0, "peek", "a/b", "--tenant", "acme", "--payload")).contains("\thello 2");
        assertThat(run(0, "purge", "a/b", "--tenant", "acme")).isEqualToIgnoringNewLines("purged 3 messages");
        try (MqttSocket socket = connected("acme", "live")) {
            assertThat(run(0, "disconnect", "live", "--tenant", "acme")).isEqualToIgnoringNewLines("disconnected");
            assertThat(socket.receive(org.upwell.codec.Disconnect.class).reason())
                    .isEqualTo(ReasonCode.ADMINISTRATIVE_ACTION);
        }
        assertThat(run(0, "delete", "a/b", "--tenant", "acme")).isEqualToIgnoringNewLines("deleted a/b");
        assertThat(run(1, "delete", "a/b", "--tenant", "acme")).contains("404: there is no such client or group");
        assertThat(run(0, "groups", "--tenant", "acme")).isEmpty();
    }

    @Test
    void aSharedSubscriptionIsLookedIntoAndPurged() throws Exception {
        try (MqttSocket socket = connected("acme", "member")) {
            socket.subscribe("$share/readers/acme/app/+/#");
        }
        await().until(() -> run(0, "list", "--tenant", "acme").contains("acme\tmember\toffline"));
        try (MqttSocket publisher = connected("acme", "p")) {
            publisher.send(new Publish(
                    "acme/app/shared/1",
                    "hello".getBytes(StandardCharsets.UTF_8),
                    QoS.AT_LEAST_ONCE,
                    false,
                    false,
                    1,
                    Properties.NONE));
            publisher.receive(PubAck.class);
        }
        assertThat(run(0, "groups", "--tenant", "acme")).startsWith("readers\tacme/app/+/#\t1 members\t1/3 messages\t");
        String name = "$share/readers/acme/app/+/#";
        assertThat(run(0, "peek", name, "--tenant", "acme", "--payload"))
                .startsWith("acme/app/shared/1\tqos 1\t5 bytes\t")
                .contains("\thello");
        String path = "/api/tenants/acme/groups/readers/acme%2Fapp%2F%2B%2F%23/messages";
        assertThat(call("GET", path, "Bearer " + token("globex", "APPLICATION")).statusCode())
                .isEqualTo(403);
        assertThat(call("DELETE", path, "Bearer " + token("globex", "APPLICATION"))
                        .statusCode())
                .isEqualTo(403);
        assertThat(JSON.readTree(call("GET", path, "Bearer " + token("acme", "BUBBLE_UP_READ_CONSUMER"))
                                .body())
                        .path("hidden")
                        .asInt())
                .isEqualTo(1);
        assertThat(run(0, "purge", name, "--tenant", "acme")).isEqualToIgnoringNewLines("purged 1 messages");
        assertThat(run(0, "groups", "--tenant", "acme")).contains("\t0/3 messages\t", "\t1 dropped");
        assertThat(run(1, "purge", "$share/others/acme/app/+/#", "--tenant", "acme"))
                .contains("404: there is no such client or group");
    }

    @Test
    void anOperatorReadsTheSysTreeAndATenantDoesNot() throws Exception {
        try (MqttSocket operator = new MqttSocket(server.mqttAddress("tcp"), MqttVersion.MQTT_5);
                MqttSocket tenant = connected("acme", "t")) {
            operator.connect("op", "olga", "geheim");
            operator.subscribe("$SYS/listeners/tcp/connections");
            assertThat(operator.receive(Publish.class).topic()).isEqualTo("$SYS/listeners/tcp/connections");
            operator.subscribe("$SYS/clients/acme/+/dropped");
            Publish dropped = operator.receive(Publish.class);
            while (!dropped.topic().equals("$SYS/clients/acme/a%2Fb/dropped")) {
                dropped = operator.receive(Publish.class);
            }
            await().until(() -> show("acme").path("queue").path("droppedTotal").asLong() == 2);
            assertThat(tenant.subscribe("$SYS/broker/#").reasons()).containsExactly(ReasonCode.NOT_AUTHORIZED);
        }
    }
}
