// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.upwell.access.registry.IssuedClient;
import org.upwell.app.http.TestServer.Answer;
import org.upwell.broker.access.Authentication;

/// Field protocol §2 and RFC 6749 §4.4, §5.
@Timeout(60)
class TokenRoutesTest {

    @TempDir
    Path data;

    private TestServer server;
    private IssuedClient client;

    @BeforeEach
    void start() throws IOException {
        server = new TestServer(data);
        server.access.directory().tenants().add("testTenant");
        client = server.access.directory().tenants().addClient("testTenant", Set.of());
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private String tenantOf(String token) {
        Authentication outcome = server.access.verifier().verify(token);
        assertThat(outcome).isInstanceOf(Authentication.Admitted.class);
        return ((Authentication.Admitted) outcome).principal().tenant();
    }

    private String pair() {
        return "{\"clientId\":\"" + client.clientId() + "\",\"clientSecret\":\"" + client.clientSecret() + "\"}";
    }

    @Test
    void aPairBecomesATokenOverTls() throws Exception {
        Answer answer = server.secure("POST", "/api/tokens")
                .header("Content-Type", "application/json")
                .send(pair());
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.json().propertyNames()).containsExactly("accessToken");
        assertThat(tenantOf(answer.text("accessToken"))).isEqualTo("testTenant");
        assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
        assertThat(answer.header("Content-Type")).isEqualTo("application/json");
    }

    @Test
    void existingClientsMayLeaveOutTheContentTypeAndAddFields() throws Exception {
        Answer answer = server.call("POST", "/api/tokens").send(pair().replace("}", ",\"more\":[1]}"));
        assertThat(answer.status()).isEqualTo(200);
    }

    @Test
    void aWrongPairIsUnauthorized() throws Exception {
        Answer answer = server.call("POST", "/api/tokens").send(pair().replace("\"}", "x\"}"));
        assertThat(answer.error()).isEqualTo("401 unauthorized");
        assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
        assertThat(answer.header("WWW-Authenticate")).isNotEmpty();
        assertThat(server.metrics.counter("upwell.tokens", "outcome", "refused").count())
                .isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{\"clientId\": | the body is not well-formed JSON in line 1, column ",
                "[]             | the body must be a JSON object",
                "\"x\"          | the body must be a JSON object",
                "{\"clientId\":\"a\"} | 'clientSecret' is missing",
                "{\"clientId\":1,\"clientSecret\":\"x\"} | 'clientId' must be text",
                "{\"clientId\":null,\"clientSecret\":\"x\"} | 'clientId' is missing",
                "{\"clientId\":\"a\",\"clientId\":\"b\"} | the body is not well-formed JSON",
                "{} {} | the body is not well-formed JSON",
                "~~ | the body is empty, expected a JSON object",
            })
    void aBadBodyIsToldWithItsCause(String body, String message) throws Exception {
        Answer answer = server.call("POST", "/api/tokens").send(body);
        assertThat(answer.error()).isEqualTo("400 bad_request");
        assertThat(answer.text("message")).startsWith(message);
    }

    @Test
    void aBodyThatIsTooLargeIsRefused() throws Exception {
        Answer answer =
                server.call("POST", "/api/tokens").send("{\"clientId\":\"" + "x".repeat(Json.MAX_BYTES) + "\"}");
        assertThat(answer.error()).isEqualTo("413 too_large");
        // The client finds the connection closed and opens another.
        assertThat(server.call("POST", "/api/tokens").send(pair()).status()).isEqualTo(200);
    }

    @Test
    void deeplyNestedJsonIsRefused() throws Exception {
        Answer answer = server.call("POST", "/api/tokens").send("{\"a\":" + "[".repeat(10_000));
        assertThat(answer.error()).isEqualTo("400 bad_request");
    }

    private TestServer.Call oauth() {
        return server.call("POST", "/oauth2/token");
    }

    private String formPair() {
        return "&client_id=" + client.clientId() + "&client_secret=" + client.clientSecret();
    }

    @Test
    void theStandardFormTakesBasic() throws Exception {
        Answer answer = oauth().header("Authorization", TestServer.basic(client.clientId(), client.clientSecret()))
                .form("grant_type=client_credentials");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(tenantOf(answer.text("access_token"))).isEqualTo("testTenant");
        assertThat(answer.text("token_type")).isEqualTo("Bearer");
        assertThat(answer.json().get("expires_in").intValue()).isEqualTo(3600);
        assertThat(answer.text("scope"))
                .isEqualTo("APPLICATION BUBBLE_UP_ALERT_CONSUMER BUBBLE_UP_READ_CONSUMER PRESENCE_CONSUMER");
        assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
        assertThat(answer.header("Pragma")).isEqualTo("no-cache");
    }

    @Test
    void basicPairsAreFormEncoded() throws Exception {
        String encoded =
                URLEncoder.encode(client.clientId(), StandardCharsets.UTF_8).replace("c-", "c%2D");
        Answer answer = oauth().header("Authorization", TestServer.basic(encoded, client.clientSecret()))
                .form("grant_type=client_credentials");
        assertThat(answer.status()).isEqualTo(200);
    }

    @Test
    void theStandardFormTakesThePairInTheBodyAndAScope() throws Exception {
        Answer answer = oauth().form("grant_type=client_credentials&scope=APPLICATION+PRESENCE_CONSUMER" + formPair());
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.text("scope")).isEqualTo("APPLICATION PRESENCE_CONSUMER");
    }

    private void assertOauthError(Answer answer, int status, String error) {
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.json().propertyNames()).containsExactly("error", "error_description");
        assertThat(answer.text("error")).isEqualTo(error);
        assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
        assertThat(answer.header("Content-Type")).isEqualTo("application/json");
        assertThat(answer.header("WWW-Authenticate")).isEqualTo(status == 401 ? "Basic realm=\"upwell\"" : "");
    }

    /// RFC 6749 §5.2.
    @Test
    void errorsHaveTheStandardForm() throws Exception {
        String grant = "grant_type=client_credentials";
        String basic = TestServer.basic(client.clientId(), client.clientSecret());
        String wrong = TestServer.basic(client.clientId(), "wrong");
        assertOauthError(oauth().form("x=y" + formPair()), 400, "invalid_request");
        assertOauthError(oauth().form("grant_type=password" + formPair()), 400, "unsupported_grant_type");
        assertOauthError(oauth().form(grant + "&" + grant + formPair()), 400, "invalid_request");
        assertOauthError(oauth().form(grant + "&scope=%zz" + formPair()), 400, "invalid_request");
        assertOauthError(oauth().header("Authorization", basic).form(grant + formPair()), 400, "invalid_request");
        assertOauthError(oauth().send(grant + formPair()), 400, "invalid_request");
        assertOauthError(oauth().form(grant), 401, "invalid_client");
        assertOauthError(oauth().header("Authorization", wrong).form(grant), 401, "invalid_client");
        assertOauthError(oauth().header("Authorization", "Basic !").form(grant), 401, "invalid_client");
        assertOauthError(oauth().header("Authorization", "Bearer x").form(grant), 401, "invalid_client");
        assertOauthError(oauth().form(grant + formPair() + "x"), 401, "invalid_client");
        assertOauthError(oauth().form(grant + "&scope=OPERATOR" + formPair()), 400, "invalid_scope");
    }

    @Test
    void theKeysArePublishedWithoutTheirSecretParts() throws Exception {
        Answer answer = server.call("GET", "/.well-known/jwks.json").send();
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).isEqualTo("application/jwk-set+json");
        assertThat(answer.json().get("keys")).hasSize(1);
        assertThat(answer.json().get("keys").get(0).propertyNames())
                .containsExactlyInAnyOrder("kty", "use", "crv", "kid", "x", "y", "alg");
    }
}
