// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.access.registry.IssuedClient;
import org.upwell.access.token.TokenService;
import org.upwell.app.http.TestServer.Answer;

@Timeout(60)
class AdminRoutesTest {

    private static final List<String> ALL_PATHS = List.of(
            "GET tenants",
            "POST tenants",
            "GET tenants/t",
            "PUT tenants/t",
            "DELETE tenants/t",
            "PUT tenants/t/queues",
            "POST tenants/t/clients",
            "DELETE tenants/t/clients/c",
            "GET devices",
            "POST devices",
            "GET devices/0000000000000001",
            "PUT devices/0000000000000001",
            "DELETE devices/0000000000000001",
            "GET users",
            "POST users",
            "PUT users/root",
            "DELETE users/root");

    @TempDir
    Path data;

    private TestServer server;

    @BeforeEach
    void start() throws IOException {
        server = new TestServer(data);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private Answer admin(String method, String path, String body) throws Exception {
        return server.admin(method, path).send(body);
    }

    private void refusedEverywhere(String authorization, String error) throws Exception {
        for (String path : ALL_PATHS) {
            String[] parts = path.split(" ", -1);
            TestServer.Call call = server.call(parts[0], "/api/admin/" + parts[1]);
            if (!authorization.isEmpty()) {
                call.header("Authorization", authorization);
            }
            Answer answer = call.send();
            assertThat(answer.error()).as(path).isEqualTo(error);
            assertThat(answer.header("WWW-Authenticate").startsWith("Basic"))
                    .as(path)
                    .isEqualTo(answer.status() == 401);
        }
    }

    @Test
    void everyPathTakesAnAdministrator() throws Exception {
        server.access.directory().users().add("bob", "geheim", Set.of("OPERATOR"));
        server.access.directory().tenants().add("t");
        IssuedClient client = server.access.directory().tenants().addClient("t", Set.of());
        var exchange = server.access.tokens().exchange(client.clientId(), client.clientSecret());
        String token = ((TokenService.Exchange.Granted) exchange).token().token();

        refusedEverywhere("", "401 unauthorized");
        refusedEverywhere(TestServer.basic("bob", "geheim"), "403 forbidden");
        refusedEverywhere("Bearer " + token, "401 unauthorized");
        refusedEverywhere(TestServer.basic("root", token), "403 forbidden");
        assertThat(server.call("GET", "/api/admin/users")
                        .header("Authorization", TestServer.basic("root", "wrong"))
                        .send()
                        .error())
                .isEqualTo("401 unauthorized");
        assertThat(server.access.directory().users().find("root")).isPresent();
    }

    @Test
    void pagesOfOtherSitesCannotUseABrowsersPassword() throws Exception {
        Answer foreign = server.admin("GET", "users")
                .header("Origin", "http://evil.example")
                .send();
        assertThat(foreign.error()).isEqualTo("403 forbidden");
        assertThat(server.admin("GET", "users").header("Origin", "null").send().error())
                .isEqualTo("403 forbidden");
        Answer own = server.admin("GET", "users")
                .header("Origin", "http://127.0.0.1:" + server.httpPort())
                .send();
        assertThat(own.status()).isEqualTo(200);
    }

    @Test
    void queuesAreLimitedByTenantAndClient() throws Exception {
        admin("POST", "tenants", "{\"id\":\"t\"}");
        Answer limited = admin("PUT", "tenants/t/queues", "{\"queueMessages\":200000,\"queueBytes\":1000000}");
        assertThat(limited.body())
                .isEqualTo("{\"id\":\"t\",\"enabled\":true,\"devices\":0,\"clients\":[],"
                        + "\"queueMessages\":200000,\"queueBytes\":1000000}");
        String most = "{\"queueMessages\":200000,\"queueBytes\":1000000}";
        String tooMany = "{\"queueMessages\":200001,\"queueBytes\":1000000}";
        assertThat(admin("POST", "tenants/t/clients", tooMany).error()).isEqualTo("400 bad_request");
        assertThat(admin("POST", "tenants/t/clients", most).status()).isEqualTo(201);
        assertThat(admin("GET", "tenants/t", "")
                        .json()
                        .get("clients")
                        .get(0)
                        .get("queueMessages")
                        .intValue())
                .isEqualTo(200_000);
        for (String wrong : List.of(
                "{\"queueMessages\":1}",
                "{\"queueBytes\":1}",
                "{\"queueMessages\":2000001,\"queueBytes\":1}",
                "{\"queueMessages\":\"1\",\"queueBytes\":1}")) {
            assertThat(admin("PUT", "tenants/t/queues", wrong).error())
                    .as(wrong)
                    .isEqualTo("400 bad_request");
        }
        assertThat(admin("PUT", "tenants/t/queues", "{}").json().has("queueMessages"))
                .isFalse();
    }

    @Test
    void tenantsComeAndGo() throws Exception {
        assertThat(admin("GET", "tenants", "").body()).isEqualTo("{\"tenants\":[]}");
        Answer added = admin("POST", "tenants", "{\"id\":\"t ü\"}");
        assertThat(added.status()).isEqualTo(201);
        assertThat(added.body()).isEqualTo("{\"id\":\"t ü\",\"enabled\":true,\"devices\":0,\"clients\":[]}");
        assertThat(admin("POST", "tenants", "{\"id\":\"t ü\"}").error()).isEqualTo("409 conflict");
        assertThat(admin("POST", "tenants", "{\"id\":\"a/b\"}").error()).isEqualTo("400 bad_request");
        assertThat(admin("POST", "tenants", "{\"id\":\"ssni\"}").error()).isEqualTo("400 bad_request");

        Answer client = admin("POST", "tenants/t%20%C3%BC/clients", "");
        assertThat(client.status()).isEqualTo(201);
        assertThat(client.header("Cache-Control")).isEqualTo("no-store");
        Answer limited = admin("POST", "tenants/t%20%C3%BC/clients", "{\"roles\":[\"APPLICATION\"]}");
        assertThat(limited.json().get("roles")).hasSize(1);
        assertThat(admin("POST", "tenants/t%20%C3%BC/clients", "{\"roles\":[\"ADMIN\"]}")
                        .error())
                .isEqualTo("400 bad_request");
        assertThat(admin("POST", "tenants/u/clients", "").error()).isEqualTo("404 not_found");

        String pair = "{\"clientId\":\"" + client.text("clientId") + "\",\"clientSecret\":\""
                + client.text("clientSecret") + "\"}";
        assertThat(server.call("POST", "/api/tokens").send(pair).status()).isEqualTo(200);
        assertThat(admin("PUT", "tenants/t%20%C3%BC", "{\"enabled\":false}")
                        .json()
                        .get("enabled")
                        .booleanValue())
                .isFalse();
        assertThat(server.call("POST", "/api/tokens").send(pair).status()).isEqualTo(401);
        assertThat(admin("PUT", "tenants/t%20%C3%BC", "{\"enabled\":true}").status())
                .isEqualTo(200);
        assertThat(server.call("POST", "/api/tokens").send(pair).status()).isEqualTo(200);
        Answer shown = admin("GET", "tenants/t%20%C3%BC", "");
        assertThat(shown.json().get("clients")).hasSize(2);
        assertThat(shown.body()).doesNotContain(client.text("clientSecret"));
        String clientPath = "tenants/t%20%C3%BC/clients/" + client.text("clientId");
        assertThat(admin("DELETE", clientPath, "").status()).isEqualTo(204);
        assertThat(server.call("POST", "/api/tokens").send(pair).status()).isEqualTo(401);

        assertThat(admin("DELETE", "tenants/t%20%C3%BC", "").status()).isEqualTo(204);
        assertThat(admin("GET", "tenants/t%20%C3%BC", "").error()).isEqualTo("404 not_found");
        assertThat(admin("DELETE", "tenants/t%20%C3%BC", "").error()).isEqualTo("404 not_found");
    }

    @Test
    void devicesHaveOneOwner() throws Exception {
        admin("POST", "tenants", "{\"id\":\"a\"}");
        admin("POST", "tenants", "{\"id\":\"b\"}");
        Answer added = admin("POST", "devices", "{\"mac\":\"001350050047DD92\",\"tenant\":\"a\"}");
        assertThat(added.status()).isEqualTo(201);
        assertThat(added.body()).isEqualTo("{\"mac\":\"001350050047dd92\",\"tenant\":\"a\"}");
        assertThat(admin("POST", "devices", "{\"mac\":\"001350050047dd92\",\"tenant\":\"b\"}")
                        .error())
                .isEqualTo("409 conflict");
        assertThat(admin("POST", "devices", "{\"mac\":\"0000000000000001\",\"tenant\":\"x\"}")
                        .error())
                .isEqualTo("404 not_found");
        Answer badMac = admin("POST", "devices", "{\"mac\":\"xyz\",\"tenant\":\"a\"}");
        assertThat(badMac.error()).isEqualTo("400 bad_request");
        assertThat(badMac.text("message")).isEqualTo("MAC 'xyz' has 3 characters, expected 16 hex digits");
        assertThat(admin("POST", "devices", "{\"tenant\":\"a\"}").error()).isEqualTo("400 bad_request");
        Answer unknown = admin("POST", "devices", "{\"mac\":\"0000000000000001\",\"tenant\":\"a\",\"x\":1}");
        assertThat(unknown.text("message")).isEqualTo("unknown field 'x' (known: tenant, mac, macs)");

        Answer moved = admin("PUT", "devices/001350050047DD92", "{\"tenant\":\"b\"}");
        assertThat(moved.body()).isEqualTo("{\"mac\":\"001350050047dd92\",\"tenant\":\"b\"}");
        assertThat(admin("PUT", "devices/0000000000000001", "{\"tenant\":\"b\"}")
                        .error())
                .isEqualTo("404 not_found");
        assertThat(admin("GET", "devices/001350050047dd92", "").text("tenant")).isEqualTo("b");
        assertThat(admin("DELETE", "tenants/b", "").error()).isEqualTo("409 conflict");
        assertThat(admin("DELETE", "devices/001350050047dd92", "").status()).isEqualTo(204);
        assertThat(admin("GET", "devices/001350050047dd92", "").error()).isEqualTo("404 not_found");
    }

    @Test
    void manyDevicesAreAddedAtOnceAndListedInPortions() throws Exception {
        admin("POST", "tenants", "{\"id\":\"a\"}");
        StringBuilder macs = new StringBuilder();
        for (int i = 0; i < 5_000; i++) {
            macs.append(i == 0 ? "" : ",")
                    .append('"')
                    .append(Long.toHexString(0x1000_0000_0000_0000L + i))
                    .append('"');
        }
        Answer added = admin("POST", "devices", "{\"tenant\":\"a\",\"macs\":[" + macs + "]}");
        assertThat(added.body()).isEqualTo("{\"devices\":5000,\"tenant\":\"a\"}");
        admin("POST", "devices", "{\"mac\":\"0000000000000001\",\"tenant\":\"ssni\"}");

        Answer first = admin("GET", "devices?limit=2", "");
        assertThat(first.json().get("devices").get(0).get("tenant").stringValue())
                .isEqualTo("ssni");
        assertThat(first.text("next")).isEqualTo("1000000000000000");
        Answer second = admin("GET", "devices?limit=2&after=" + first.text("next"), "");
        assertThat(second.json().get("devices").get(0).get("mac").stringValue()).isEqualTo("1000000000000001");
        Answer last = admin("GET", "devices?limit=10000&tenant=a", "");
        assertThat(last.json().get("devices")).hasSize(5_000);
        assertThat(last.json().get("next").isNull()).isTrue();
        assertThat(admin("GET", "devices?limit=0", "").error()).isEqualTo("400 bad_request");
    }

    @Test
    void usersComeAndGo() throws Exception {
        Answer added = admin("POST", "users", "{\"name\":\"bob\",\"password\":\"geheim\",\"roles\":[\"ADMIN\"]}");
        assertThat(added.status()).isEqualTo(201);
        assertThat(added.body()).isEqualTo("{\"name\":\"bob\",\"roles\":[\"ADMIN\"]}");
        assertThat(admin("POST", "users", "{\"name\":\"bob\",\"password\":\"x\"}")
                        .error())
                .isEqualTo("409 conflict");
        assertThat(admin("POST", "users", "{\"name\":\"eve\",\"password\":\"x\",\"roles\":[\"GOD\"]}")
                        .error())
                .isEqualTo("400 bad_request");
        String bob = TestServer.basic("bob", "geheim");
        assertThat(server.call("GET", "/api/admin/users")
                        .header("Authorization", bob)
                        .send()
                        .body())
                .isEqualTo(
                        "{\"users\":[{\"name\":\"bob\",\"roles\":[\"ADMIN\"]},{\"name\":\"root\",\"roles\":[\"ADMIN\"]}]}");

        assertThat(admin("PUT", "users/bob", "{\"roles\":[\"OPERATOR\"]}").body())
                .isEqualTo("{\"name\":\"bob\",\"roles\":[\"OPERATOR\"]}");
        assertThat(server.call("GET", "/api/admin/users")
                        .header("Authorization", bob)
                        .send()
                        .error())
                .isEqualTo("403 forbidden");
        assertThat(admin("PUT", "users/bob", "{\"password\":\"neu\"}").status()).isEqualTo(200);
        assertThat(server.call("GET", "/api/admin/users")
                        .header("Authorization", bob)
                        .send()
                        .error())
                .isEqualTo("401 unauthorized");
        assertThat(admin("PUT", "users/bob", "{}").error()).isEqualTo("400 bad_request");
        assertThat(admin("DELETE", "users/bob", "").status()).isEqualTo(204);
        assertThat(admin("DELETE", "users/bob", "").error()).isEqualTo("404 not_found");
    }

    @Test
    void aFileThatCannotBeChangedIsAnErrorWithoutDetails() throws Exception {
        Files.writeString(data.resolve("access").resolve("tenants.json"), "{");
        Answer answer = admin("POST", "tenants", "{\"id\":\"a\"}");
        assertThat(answer.error()).isEqualTo("500 internal");
        assertThat(answer.body()).doesNotContain(data.toString());
    }
}
