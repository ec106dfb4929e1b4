// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.access.registry.AccessDirectory;

class AccessCommandsTest {
    private static final String MAC = "001350050047DD92";

    @TempDir
    private Path data;

    @Test
    void userIsAddedWithItsPasswordHashedListedAndRemoved() throws Exception {
        Path password = Files.writeString(data.resolve("password"), "correct horse\n");

        assertThat(run("user add carol --role OPERATOR --role ADMIN --password-file " + password))
                .isEqualTo(new ToolRun(0, "added user carol\n", ""));
        assertThat(run("user list").out()).isEqualTo("carol\tADMIN,OPERATOR\n");
        try (AccessDirectory access = AccessDirectory.open(data)) {
            assertThat(access.users().find("carol").orElseThrow().password().matches(bytes("correct horse")))
                    .isTrue();
        }
        assertThat(Files.readString(data.resolve("access/users.json")))
                .contains("argon2id")
                .doesNotContain("correct");
        assertThat(run("user remove carol").exitCode()).isZero();
        assertThat(run("user list").out()).isEmpty();
    }

    @Test
    void userWithUnknownRoleIsRefusedByName() throws Exception {
        Path password = Files.writeString(data.resolve("password"), "x\n");

        ToolRun run = run("user add carol --role SUPER --password-file " + password);

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).startsWith("upwell: unknown role SUPER");
    }

    @Test
    void tenantGetsAClientWhoseSecretWorks() throws Exception {
        ToolRun run = run("tenant add acme");

        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).matches("tenant: acme\nclient-id: \\S+\nclient-secret: \\S+\n");
        String clientId = valueOf(run.out(), "client-id");
        String secret = valueOf(run.out(), "client-secret");
        try (AccessDirectory access = AccessDirectory.open(data)) {
            assertThat(access.tenants()
                            .findClient(clientId)
                            .orElseThrow()
                            .client()
                            .matches(secret))
                    .isTrue();
        }
        assertThat(run("tenant list").out()).isEqualTo("acme\tenabled\t0 devices\t" + clientId + "\n");
        assertThat(run("tenant add acme").err()).isEqualTo("upwell: tenant 'acme' exists already\n");
    }

    @Test
    void tenantWithARoleThatCannotBeIsNotAdded() {
        assertThat(run("tenant add acme --role TYPO")).isEqualTo(new ToolRun(1, "", "upwell: unknown role 'TYPO'\n"));

        assertThat(run("tenant list").out()).isEmpty();
        assertThat(run("tenant add acme").exitCode()).isZero();
    }

    @Test
    void deviceBelongsToOneTenantUntilItIsMoved() {
        run("tenant add acme");
        run("tenant add zeta");

        assertThat(run("device add --tenant acme " + MAC).out()).isEqualTo("added device 001350050047dd92 to acme\n");
        ToolRun second = run("device add --tenant zeta " + MAC);
        assertThat(second.exitCode()).isEqualTo(1);
        assertThat(second.err()).contains("001350050047dd92 belongs to another tenant");
        assertThat(run("device list").out()).isEqualTo("001350050047dd92\tacme\n");

        assertThat(run("device move --tenant zeta " + MAC).exitCode()).isZero();
        assertThat(run("device list --tenant acme").out()).isEmpty();
        assertThat(run("device list --tenant zeta").out()).isEqualTo("001350050047dd92\tzeta\n");

        assertThat(run("tenant remove zeta").err()).contains("has 1 devices");
        assertThat(run("device remove " + MAC).exitCode()).isZero();
        assertThat(run("tenant remove zeta").exitCode()).isZero();
    }

    @Test
    void devicesAreRemovedAllOrNone() {
        run("tenant add acme");
        run("device add --tenant acme " + MAC);

        ToolRun run = run("device remove " + MAC + " 001350050047ffff");

        assertThat(run.err()).isEqualTo("upwell: there is no device 001350050047ffff\n");
        assertThat(run("device list").out()).isEqualTo("001350050047dd92\tacme\n");
    }

    @Test
    void deviceAddressThatIsNoneIsWrongUse() {
        ToolRun run = run("device add --tenant acme 00135005");

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("00135005");
    }

    @Test
    void configurationNamesTheDirectoryToo() throws Exception {
        Path config = Files.writeString(data.resolve("upwell.yaml"), "data-directory: " + data.resolve("d") + "\n");

        assertThat(ToolRun.of("tenant", "add", "acme", "--config", config.toString())
                        .exitCode())
                .isZero();
        assertThat(ToolRun.of(
                                "tenant",
                                "list",
                                "--data-directory",
                                data.resolve("d").toString())
                        .out())
                .startsWith("acme\t");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String valueOf(String text, String key) {
        return text.lines()
                .filter(line -> line.startsWith(key + ": "))
                .map(line -> line.substring(key.length() + 2))
                .findFirst()
                .orElseThrow();
    }

    private ToolRun run(String line) {
        String[] words = line.split(" ");
        String[] all = Arrays.copyOf(words, words.length + 2);
        all[words.length] = "--data-directory";
        all[words.length + 1] = data.toString();
        return ToolRun.of(all);
    }
}
