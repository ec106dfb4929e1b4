// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.access.registry.AccessDirectory;
import org.upwell.access.registry.User;

class GatewayLoginTest {
    @TempDir
    private Path directory;

    @Test
    void firstStartMakesAUserThatMayOnlyProduce() throws Exception {
        try (AccessDirectory access = AccessDirectory.open(directory)) {
            GatewayLogin login = GatewayLogin.open(directory, access);

            User user = access.users().find("gateway").orElseThrow();
            assertThat(user.roles()).containsExactlyInAnyOrder("BUBBLE_UP_PRODUCER", "PRESENCE_PRODUCER");
            assertThat(user.password().matches(login.password().getBytes(StandardCharsets.UTF_8)))
                    .isTrue();
            Path file = directory.resolve("gateway-password");
            assertThat(Files.readString(file)).isEqualTo(login.password() + "\n");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-------");
            assertThat(login.toString()).doesNotContain(login.password());
        }
    }

    @Test
    void laterStartsUseTheSamePassword() throws Exception {
        try (AccessDirectory access = AccessDirectory.open(directory)) {
            GatewayLogin first = GatewayLogin.open(directory, access);

            assertThat(GatewayLogin.open(directory, access)).isEqualTo(first);
        }
    }

    @Test
    void userOfThatNameWithAnotherPasswordIsNotTouched() throws Exception {
        try (AccessDirectory access = AccessDirectory.open(directory)) {
            access.users().add("gateway", "an operator's own", Set.of("OPERATOR"));

            assertThatThrownBy(() -> GatewayLogin.open(directory, access))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("has another password than " + directory.resolve("gateway-password"));
            assertThat(access.users().find("gateway").orElseThrow().roles()).containsExactly("OPERATOR");
        }
    }
}
