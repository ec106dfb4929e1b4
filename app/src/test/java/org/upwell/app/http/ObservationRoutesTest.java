// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.access.Mac;
import org.upwell.access.login.Access;
import org.upwell.access.registry.IssuedClient;
import org.upwell.access.token.TokenService;
import org.upwell.app.http.TestServer.Answer;
import org.upwell.app.observation.ObservationStore;

@Timeout(60)
class ObservationRoutesTest {

    private static final String MAC = "001350050047dd92";
    private static final String PATH = "/api/solutions/any-name/devices/" + MAC + "/observations";

    @TempDir
    private Path data;

    private ObservationStore store;
    private TestServer server;

    private void open() throws IOException {
        store = ObservationStore.open(data.resolve("observations"), ObservationStore.Limits.DEFAULT);
        server = new TestServer(data, this::routes);
    }

    private void close() throws IOException {
        server.close();
        store.close();
    }

    @BeforeEach
    void start() throws Exception {
        open();
        server.access.directory().tenants().add("a");
        server.access.directory().tenants().add("b");
        server.access.directory().devices().add(Mac.parse(MAC), "a");
    }

    private List<Routes> routes(Access access) {
        return List.of(new ObservationRoutes(store, access.directory().devices(), new Callers(access.authenticator())));
    }

    @AfterEach
    void stop() throws IOException {
        close();
    }

    private String token(String tenant) throws Exception {
        IssuedClient client = server.access.directory().tenants().addClient(tenant, Set.of());
        var exchange = server.access.tokens().exchange(client.clientId(), client.clientSecret());
        return ((TokenService.Exchange.Granted) exchange).token().token();
    }

    private Answer post(String tenant, String body) throws Exception {
        return server.secure("POST", PATH)
                .header("Authorization", token(tenant))
                .send(body);
    }

    private Answer get(String tenant) throws Exception {
        return server.secure("GET", PATH).header("Authorization", token(tenant)).send();
    }

    @Test
    void whatIsWrittenComesBackWithAllItsFields() throws Exception {
        assertThat(get("a").body()).isEqualTo("{\"observations\":[]}");
        assertThat(post("a", """
                {"observations": [
                  {"timestamp": "2026-11-22T10:15:30.000Z", "temperature": 72.50, "unit": {"name": "F"}},
                  {"timestamp": "2026-11-22T10:16:30.000Z"}], "source": "decoder"}
                """).status()).isEqualTo(201);
        Answer answer = get("a");
        assertThat(answer.status()).isEqualTo(200);
        // As they came, to the digit.
        assertThat(answer.body()).isEqualTo("""
                {"observations":[\
                {"timestamp":"2026-11-22T10:15:30.000Z","temperature":72.50,"unit":{"name":"F"}},\
                {"timestamp":"2026-11-22T10:16:30.000Z"}]}""");
        assertThat(answer.header("Content-Type")).isEqualTo("application/json");
        assertThat(answer.json().get("observations")).hasSize(2);
        assertThat(answer.json().at("/observations/0/unit/name").stringValue()).isEqualTo("F");
        assertThat(answer.json().at("/observations/0/timestamp").stringValue()).isEqualTo("2026-11-22T10:15:30.000Z");
    }

    @Test
    void anotherTenantSeesAndWritesNothing() throws Exception {
        post("a", "{\"observations\":[{\"timestamp\":\"2026-11-22T10:15:30.000Z\"}]}");
        assertThat(get("b").status()).isEqualTo(404);
        assertThat(post("b", "{\"observations\":[{\"timestamp\":\"2026-11-22T10:15:30.000Z\"}]}")
                        .status())
                .isEqualTo(404);
        // Nor does it inherit anything with the device.
        server.access.directory().devices().move(Mac.parse(MAC), "b");
        assertThat(get("b").json().get("observations")).isEmpty();
        assertThat(get("a").status()).isEqualTo(404);
        assertThat(server.secure("GET", PATH).send().status()).isEqualTo(401);
    }

    @Test
    void whatIsNoListOfTimedObjectsIsRefusedWithItsPlace() throws Exception {
        String good = "{\"timestamp\":\"2026-11-22T10:15:30.000Z\"}";
        Map<String, String> faults = Map.of(
                "",
                "the body is empty",
                "{\"observations\":[",
                "not well-formed JSON in line 1",
                "[]",
                "must be a JSON object",
                "{}",
                "'observations' must be a list of objects",
                "{\"observations\":[]}",
                "'observations' must have 1 to 1000 entries",
                "{\"observations\":[7]}",
                "'observations' must be a list of objects",
                "{\"observations\":[" + good + ",{}]}",
                "observation 2 has no 'timestamp' like",
                "{\"observations\":[{\"timestamp\":\"yesterday\"}]}",
                "observation 1 has no 'timestamp' like",
                "{\"observations\":[{\"timestamp\":\"2026-11-22T10:15:30.000+01:00\"}]}",
                "observation 1 has no",
                "{\"observations\":[{\"timestamp\":1795367602}]}",
                "observation 1 has no 'timestamp' like");
        for (Map.Entry<String, String> fault : faults.entrySet()) {
            Answer answer = post("a", fault.getKey());
            assertThat(answer.status()).as(fault.getKey()).isEqualTo(400);
            assertThat(answer.text("message")).as(fault.getKey()).contains(fault.getValue());
        }
        assertThat(get("a").json().get("observations")).isEmpty();
    }

    @Test
    void whatIsTooMuchIsRefused() throws Exception {
        String large = "{\"timestamp\":\"2026-11-22T10:15:30.000Z\",\"x\":\"" + "y".repeat(16 * 1024) + "\"}";
        assertThat(post("a", "{\"observations\":[" + large + "]}").text("message"))
                .isEqualTo("observation 1 is larger than 16384 bytes");
        String small = "{\"timestamp\":\"2026-11-22T10:15:30.000Z\"},";
        String many = small.repeat(1_001);
        assertThat(post("a", "{\"observations\":[" + many.substring(0, many.length() - 1) + "]}")
                        .text("message"))
                .isEqualTo("'observations' must have 1 to 1000 entries");
        assertThat(post("a", " ".repeat(256 * 1024 + 1)).status()).isEqualTo(413);
        assertThat(get("a").json().get("observations")).isEmpty();
    }

    @Test
    void devicesThatTheTenantHasNotAreNotFound() throws Exception {
        for (String id : List.of("0013500500000000", "no-address", "001350050047dd92ff")) {
            Answer answer = server.secure("GET", PATH.replace(MAC, id))
                    .header("Authorization", "Bearer " + token("a"))
                    .send();
            assertThat(answer.error()).as(id).isEqualTo("404 not_found");
        }
    }

    @Test
    void theyAreThereAfterARestart() throws Exception {
        String body = "{\"observations\":[{\"timestamp\":\"2026-11-22T10:15:30.000Z\",\"v\":1.10}]}";
        assertThat(post("a", body).status()).isEqualTo(201);
        close();
        open();
        assertThat(get("a").body()).isEqualTo(body);
    }
}
