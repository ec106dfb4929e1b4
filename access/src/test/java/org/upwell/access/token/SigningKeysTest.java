// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.access.AccessEvents;
import org.upwell.access.file.BrokenFileException;
import org.upwell.access.registry.AccessDirectory;
import org.upwell.broker.access.Authentication;

@Timeout(60)
class SigningKeysTest {

    private static final List<String> ROLES = List.of("APPLICATION");

    @TempDir
    Path data;

    private final ManualClock clock = new ManualClock();
    private AccessDirectory directory;

    @BeforeEach
    void open() throws IOException {
        directory = AccessDirectory.open(data);
        directory.tenants().add("t");
    }

    @AfterEach
    void close() {
        directory.close();
    }

    private SigningKeys keys(SigningAlgorithm algorithm) throws IOException {
        return SigningKeys.open(directory.files(), algorithm);
    }

    private TokenVerifier verifier(AccessDirectory in, SigningKeys keys) {
        TokenVerifier verifier = new TokenVerifier(in, clock, Duration.ZERO, AccessEvents.NONE);
        verifier.trustOwn("upwell", keys);
        return verifier;
    }

    private String token(SigningKeys keys) {
        return new TokenIssuer("upwell", keys, clock).issue("t", ROLES).token();
    }

    @Test
    void anRsaKeyIsMadeOnceAndKeptPrivate() throws Exception {
        SigningKeys keys = keys(SigningAlgorithm.RS256);
        String token = token(keys);
        assertThat(verifier(directory, keys).verify(token)).isInstanceOf(Authentication.Admitted.class);
        Path file = data.resolve("access").resolve("signing-keys.json");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");

        String before = Files.readString(file);
        SigningKeys again = keys(SigningAlgorithm.RS256);
        assertThat(Files.readString(file)).isEqualTo(before);
        assertThat(verifier(directory, again).verify(token)).isInstanceOf(Authentication.Admitted.class);

        JWKSet published = JWKSet.parse(keys.publicJson());
        assertThat(published.containsNonPublicKeys()).isFalse();
        assertThat(published.getKeys()).singleElement().satisfies(key -> {
            assertThat(key.getKeyID()).isEqualTo(keys.signing().id());
            assertThat(key.getAlgorithm()).hasToString("RS256");
            assertThat(key.size()).isEqualTo(2048);
        });
        // One datagram takes the token to the gateway (field protocol §4).
        assertThat(token).hasSizeLessThan(1_300);
    }

    @Test
    void anotherAlgorithmIsANewKeyBesideTheOld() throws Exception {
        SigningKeys first = keys(SigningAlgorithm.ES256);
        String token = token(first);
        SigningKeys second = keys(SigningAlgorithm.RS256);
        assertThat(second.signing().algorithm()).isEqualTo(SigningAlgorithm.RS256);
        assertThat(JWKSet.parse(second.publicJson()).getKeys())
                .extracting(key -> key.getAlgorithm().getName())
                .containsExactly("RS256", "ES256");
        assertThat(verifier(directory, second).verify(token)).isInstanceOf(Authentication.Admitted.class);
    }

    /// Each of the processes that share the keys signs as it is set to, whichever of them starts last or rotates.
    @Test
    void processesSetToDifferentAlgorithmsDoNotChangeEachOthers() throws Exception {
        SigningKeys server = keys(SigningAlgorithm.ES256);
        String id = server.signing().id();
        SigningKeys gateway = keys(SigningAlgorithm.RS256);
        assertThat(server.signing().id()).isEqualTo(id);
        for (int i = 0; i < 6; i++) {
            gateway.rotate();
        }
        assertThat(keys(SigningAlgorithm.ES256).signing().id()).isEqualTo(id);
        assertThat(server.signing().algorithm()).isEqualTo(SigningAlgorithm.ES256);
        assertThat(gateway.signing().algorithm()).isEqualTo(SigningAlgorithm.RS256);
    }

    @Test
    void earlierKeysStillVerifyAndTheOldestIsDropped() throws Exception {
        SigningKeys keys = keys(SigningAlgorithm.ES256);
        TokenVerifier verifier = verifier(directory, keys);
        String token = token(keys);
        String oldest = keys.signing().id();
        for (int i = 0; i < 4; i++) {
            keys.rotate();
            assertThat(keys.signing().id()).isNotEqualTo(oldest);
            assertThat(verifier.verify(token)).isInstanceOf(Authentication.Admitted.class);
        }
        keys.rotate();
        assertThat(JWKSet.parse(keys.publicJson()).getKeys())
                .hasSize(5)
                .extracting(JWK::getKeyID)
                .doesNotContain(oldest);
        assertThat(verifier.verify(token)).isInstanceOf(Authentication.Refused.class);
    }

    @Test
    void processesThatShareTheFolderShareTheKeys() throws Exception {
        SigningKeys keys = keys(SigningAlgorithm.ES256);
        try (AccessDirectory gateway = AccessDirectory.open(data)) {
            gateway.watch(Duration.ofMillis(20));
            SigningKeys shared = SigningKeys.open(gateway.files(), SigningAlgorithm.ES256);
            assertThat(shared.signing().id()).isEqualTo(keys.signing().id());
            TokenVerifier verifier = verifier(gateway, shared);
            keys.rotate();
            String token = token(keys);
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> verifier.verify(token) instanceof Authentication.Admitted);
        }
    }

    @Test
    void aBrokenKeyFileIsRefusedNotReplaced() throws IOException {
        Path file = data.resolve("access").resolve("signing-keys.json");
        Files.writeString(file, "{\"format\": 1,\n\"keys\": [\n{\"kty\": \"oct\", \"k\": \"AAAA\", \"kid\": \"x\"}]}");
        assertThatThrownBy(() -> keys(SigningAlgorithm.RS256))
                .isInstanceOf(BrokenFileException.class)
                .hasMessageContaining("signing-keys.json");
        Files.writeString(file, "{\"format\": 1,\n\"keys\": [\n{\"kty\": \"EC\"}]}");
        assertThatThrownBy(() -> keys(SigningAlgorithm.RS256))
                .isInstanceOf(BrokenFileException.class)
                .hasMessageContaining("signing-keys.json:3: not a JSON Web Key");
        Files.writeString(file, "{\"format\": 1, \"keys\": []}");
        assertThatThrownBy(() -> keys(SigningAlgorithm.RS256)).hasMessageContaining("there is no key");
    }
}
