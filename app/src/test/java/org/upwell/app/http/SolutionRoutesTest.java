// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.access.Mac;
import org.upwell.access.registry.AccessDirectory;
import org.upwell.access.registry.IssuedClient;
import org.upwell.access.token.TokenService;
import org.upwell.app.http.TestServer.Answer;

@Timeout(60)
class SolutionRoutesTest {

    private static final String PATH = "/api/solutions/any-name/devices";

    @TempDir
    Path data;

    private static String token(TestServer server, String tenant) throws Exception {
        IssuedClient client = server.access.directory().tenants().addClient(tenant, Set.of());
        var exchange = server.access.tokens().exchange(client.clientId(), client.clientSecret());
        return ((TokenService.Exchange.Granted) exchange).token().token();
    }

    @Test
    void aTenantSeesItsOwnDevicesOnly() throws Exception {
        try (TestServer server = new TestServer(data)) {
            AccessDirectory directory = server.access.directory();
            for (String tenant : List.of("a", "b", "none")) {
                directory.tenants().add(tenant);
            }
            directory.devices().add(Mac.parse("001350050047DD92"), "a");
            directory.devices().add(Mac.parse("00135005004700AA"), "a");
            directory.devices().add(Mac.parse("0000000000000001"), "b");
            directory.devices().add(Mac.parse("0000000000000002"), "ssni");

            // Raw, as existing clients send it.
            Answer raw = server.secure("GET", PATH)
                    .header("Authorization", token(server, "a"))
                    .send();
            assertThat(raw.status()).isEqualTo(200);
            assertThat(raw.body()).isEqualTo("""
                    {"devices":[\
                    {"id":"00135005004700aa","domainInfo":{"nic_macID":"00135005004700aa"}},\
                    {"id":"001350050047dd92","domainInfo":{"nic_macID":"001350050047dd92"}}]}""");

            Answer bearer = server.call("GET", PATH)
                    .header("Authorization", "Bearer " + token(server, "b"))
                    .send();
            assertThat(bearer.json().get("devices")).hasSize(1);
            assertThat(bearer.body()).contains("0000000000000001");

            Answer none = server.call("GET", PATH)
                    .header("Authorization", "bearer " + token(server, "none"))
                    .send();
            assertThat(none.error()).isEqualTo("404 not_found");

            Answer user = server.call("GET", PATH)
                    .header("Authorization", TestServer.ROOT)
                    .send();
            assertThat(user.body()).contains("0000000000000002").doesNotContain("0000000000000001");
        }
    }

    @Test
    void whoIsNotKnownSeesNothing() throws Exception {
        try (TestServer server = new TestServer(data)) {
            server.access.directory().tenants().add("a");
            String token = token(server, "a");
            assertThat(server.call("GET", PATH).send().error()).isEqualTo("401 unauthorized");
            assertThat(server.call("GET", PATH).send().header("WWW-Authenticate"))
                    .startsWith("Bearer");
            for (String header : List.of("x", token + "x", "Bearer", "Basic", "Basic eA==", "Negotiate abc")) {
                Answer answer =
                        server.call("GET", PATH).header("Authorization", header).send();
                assertThat(answer.error()).as(header).isEqualTo("401 unauthorized");
                assertThat(answer.body()).doesNotContain(token);
            }
            server.access.directory().tenants().enable("a", false);
            assertThat(server.call("GET", PATH)
                            .header("Authorization", token)
                            .send()
                            .error())
                    .isEqualTo("403 forbidden");
        }
    }
}
