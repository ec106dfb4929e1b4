// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PreSharedKeysTest {
    private static final String KEY = "000102030405060708090a0b0c0d0e0f";

    @TempDir
    private Path directory;

    @Test
    void identitiesAndKeysAreRead() throws Exception {
        Path file = Files.writeString(directory.resolve("psk"), "# ours\n\nacme " + KEY + "\nglobex\t" + KEY + "10\n");
        assertThat(PreSharedKeys.read(file)).hasSize(2).containsOnlyKeys("acme", "globex");
        assertThat(PreSharedKeys.read(file).get("globex")).hasSize(17).endsWith(0x0f, 0x10);
    }

    @ParameterizedTest
    @CsvSource({
        "acme, :1: expected an identity and a key in hex",
        "acme xyz, :1: the key is not in hex",
        "acme 0001, :1: the key must have at least 16 bytes",
        "acme " + KEY + "\\nacme " + KEY + ", :2: the identity has a key already",
        "#, : there is no key in it"
    })
    void faultsNameTheLineAndNeverTheKey(String text, String fault) throws Exception {
        Path file = Files.writeString(directory.resolve("psk"), text.replace("\\n", "\n"));
        assertThatThrownBy(() -> PreSharedKeys.read(file)).hasMessage(file + fault);
    }
}
