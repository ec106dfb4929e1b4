// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.token;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Field protocol §3: three base64url parts whose first is a JSON object with `alg`.
class TokenFormTest {

    private static Optional<String> form(String text) {
        return TokenForm.of(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String encoded(String text) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"alg\":\"RS256\"}", "{\"alg\":null}", "{\"x\":1,\"alg\":\"none\"}"})
    void anAlgorithmMakesAToken(String header) {
        String token = encoded(header) + ".e30.c2ln";
        assertThat(form(token)).contains(token);
    }

    @Test
    void aTokenWithoutSignatureIsStillOne() {
        assertThat(form(encoded("{\"alg\":\"none\"}") + ".e30.")).isPresent();
        assertThat(form(encoded("{\"alg\":\"none\"}") + "..")).isPresent();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "..",
                "geheim",
                "a.b.c",
                "eyJhbGciOiJSUzI1NiJ9",
                "eyJhbGciOiJSUzI1NiJ9.e30",
                "eyJhbGciOiJSUzI1NiJ9.e30.c2ln.x",
                "eyJhbGciOiJSUzI1NiJ9.e30.c2ln!",
                "eyJhbGciOiJSUzI1NiJ9.e30.c2lnü",
                "e30.e30.c2ln",
                "WyJhbGciXQ.e30.c2ln"
            })
    void anythingElseIsAPassword(String password) {
        assertThat(form(password)).isEmpty();
    }
}
