// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.access.Mac;
import org.upwell.access.file.BrokenFileException;
import org.upwell.access.role.RoleTable;

@Timeout(60)
class AccessDirectoryTest {

    private static final Mac ONE = Mac.parse("0000000000000001");
    private static final Mac TWO = Mac.parse("0000000000000002");

    @TempDir
    Path data;

    private AccessDirectory directory;
    private AccessDirectory other;

    @BeforeEach
    void open() throws IOException {
        directory = AccessDirectory.open(data);
        other = AccessDirectory.open(data);
        other.watch(Duration.ofMillis(20));
    }

    @AfterEach
    void close() {
        directory.close();
        other.close();
    }

    private static void assertRefused(RegistryException.Fault fault, String message, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        RegistryException.class, e -> assertThat(e.fault()).isEqualTo(fault))
                .hasMessageContaining(message);
    }

    private static void awaitTrue(BooleanSupplier condition) {
        await().atMost(Duration.ofSeconds(30)).until(condition::getAsBoolean);
    }

    @Test
    void aUserIsKeptWithHashAndRoles() throws IOException {
        directory.users().add("bob", "geheim", Set.of("OPERATOR"));
        awaitTrue(() -> other.users().find("bob").isPresent());
        User bob = other.users().find("bob").orElseThrow();
        assertThat(bob.roles()).containsExactly("OPERATOR");
        assertThat(bob.password().matches("geheim".getBytes(StandardCharsets.UTF_8)))
                .isTrue();
        String file = Files.readString(data.resolve("access").resolve("users.json"));
        assertThat(file).contains("\"bob\"").doesNotContain("geheim");

        directory.users().changeRoles("bob", Set.of("ADMIN"));
        directory.users().changePassword("bob", "neu");
        awaitTrue(() -> other.users().find("bob").orElseThrow().roles().equals(Set.of("ADMIN")));
        directory.users().remove("bob");
        assertThat(directory.users().list()).isEmpty();
    }

    @Test
    void usersThatCannotBeAreRefused() throws IOException {
        Users users = directory.users();
        users.add("bob", "geheim", Set.of("ADMIN"));
        assertRefused(RegistryException.Fault.CONFLICT, "exists already", () -> users.add("bob", "x", Set.of()));
        assertRefused(RegistryException.Fault.INVALID, "without ':'", () -> users.add("a:b", "x", Set.of()));
        assertRefused(RegistryException.Fault.INVALID, "1 to 128 bytes", () -> users.add("", "x", Set.of()));
        assertRefused(RegistryException.Fault.INVALID, "1 to 1024 bytes", () -> users.add("eve", "", Set.of()));
        assertRefused(
                RegistryException.Fault.INVALID,
                "unknown role GOD (known: ADMIN, APPLICATION,",
                () -> users.add("eve", "x", Set.of("GOD")));
        assertRefused(RegistryException.Fault.NOT_FOUND, "no user 'eve'", () -> users.remove("eve"));
        assertRefused(RegistryException.Fault.NOT_FOUND, "no user 'eve'", () -> users.changeRoles("eve", Set.of()));
    }

    @Test
    void aClientsSecretIsShownOnceAndNeedsNoEscaping() throws IOException {
        directory.tenants().add("testTenant");
        IssuedClient client = directory.tenants().addClient("testTenant", Set.of());
        assertThat(client.clientSecret()).matches("[A-Za-z0-9_-]{43}");
        assertThat(client.roles()).containsExactlyInAnyOrderElementsOf(RoleTable.TENANT_DEFAULTS);
        assertThat(client.toString()).doesNotContain(client.clientSecret());
        assertThat(Files.readString(data.resolve("access").resolve("tenants.json")))
                .contains(client.clientId())
                .doesNotContain(client.clientSecret());

        awaitTrue(() -> other.tenants().findClient(client.clientId()).isPresent());
        Tenants.Ownership found = other.tenants().findClient(client.clientId()).orElseThrow();
        assertThat(found.tenant().id()).isEqualTo("testTenant");
        assertThat(found.client().matches(client.clientSecret())).isTrue();
        assertThat(found.client().matches(client.clientSecret() + "x")).isFalse();

        directory.tenants().removeClient("testTenant", client.clientId());
        assertThat(directory.tenants().findClient(client.clientId())).isEmpty();
    }

    @Test
    void tenantsThatCannotBeAreRefused() throws IOException {
        Tenants tenants = directory.tenants();
        tenants.add("t");
        assertRefused(RegistryException.Fault.CONFLICT, "exists already", () -> tenants.add("t"));
        assertRefused(RegistryException.Fault.INVALID, "must not contain '/'", () -> tenants.add("a/b"));
        assertRefused(RegistryException.Fault.INVALID, "always there", () -> tenants.add("ssni"));
        assertRefused(RegistryException.Fault.NOT_FOUND, "no tenant 'u'", () -> tenants.addClient("u", Set.of()));
        assertRefused(RegistryException.Fault.NOT_FOUND, "no tenant 'ssni'", () -> tenants.addClient("ssni", Set.of()));
        assertRefused(RegistryException.Fault.NOT_FOUND, "no tenant 'u'", () -> tenants.enable("u", false));
        assertRefused(
                RegistryException.Fault.INVALID,
                "role 'OPERATOR' is internal",
                () -> tenants.addClient("t", Set.of("APPLICATION", "OPERATOR")));
        assertRefused(RegistryException.Fault.INVALID, "unknown role 'X'", () -> tenants.addClient("t", Set.of("X")));
        assertRefused(RegistryException.Fault.NOT_FOUND, "no client 'c'", () -> tenants.removeClient("t", "c"));
    }

    @Test
    void tenantsAreEnabledUntilTheyAreNot() throws IOException {
        Tenants tenants = directory.tenants();
        tenants.add("t");
        assertThat(tenants.isEnabled("t")).isTrue();
        tenants.enable("t", false);
        assertThat(tenants.isEnabled("t")).isFalse();
        assertThat(tenants.isEnabled("unheard-of")).isFalse();
        assertThat(tenants.isEnabled("ssni")).isTrue();
        assertThat(tenants.list()).extracting(Tenant::id).containsExactly("t");
    }

    @Test
    void aDeviceHasOneOwner() throws IOException {
        directory.tenants().add("a");
        directory.tenants().add("b");
        DeviceRegistry devices = directory.devices();
        devices.addAll(List.of(TWO, ONE), "a");
        devices.add(ONE, "a");
        assertThat(devices.devicesOf("a")).containsExactly(ONE, TWO);
        // The other instance has not looked yet; the file decides, not its memory.
        assertRefused(
                RegistryException.Fault.CONFLICT,
                "belongs to another tenant",
                () -> other.devices().add(ONE, "b"));
        Mac three = Mac.parse("0000000000000003");
        assertRefused(
                RegistryException.Fault.CONFLICT,
                "belongs to another tenant",
                () -> devices.addAll(List.of(three, ONE), "b"));
        assertThat(devices.ownerOf(three)).isEmpty();

        devices.move(ONE, "b");
        assertThat(devices.ownerOf(ONE)).contains("b");
        assertThat(devices.list(null, null, 10))
                .containsExactly(new DeviceRegistry.OwnedDevice(ONE, "b"), new DeviceRegistry.OwnedDevice(TWO, "a"));
        assertThat(devices.list(null, null, 1)).containsExactly(new DeviceRegistry.OwnedDevice(ONE, "b"));
        assertThat(devices.list(ONE, null, 1)).containsExactly(new DeviceRegistry.OwnedDevice(TWO, "a"));
        assertThat(devices.list(null, "a", 10)).containsExactly(new DeviceRegistry.OwnedDevice(TWO, "a"));
        assertThat(devices.devicesOf("a")).containsExactly(TWO);
        devices.remove(TWO);
        assertThat(devices.ownerOf(TWO)).isEmpty();
        assertThat(devices.size()).isOne();
        assertThat(devices.devicesOf("a")).isEmpty();
    }

    @Test
    void devicesThatCannotBeAreRefused() throws IOException {
        DeviceRegistry devices = directory.devices();
        directory.tenants().add("a");
        assertRefused(RegistryException.Fault.NOT_FOUND, "no tenant 'x'", () -> devices.add(ONE, "x"));
        assertRefused(RegistryException.Fault.NOT_FOUND, "no device 0000000000000001", () -> devices.move(ONE, "a"));
        assertRefused(RegistryException.Fault.NOT_FOUND, "no device 0000000000000001", () -> devices.remove(ONE));
        devices.add(ONE, "ssni");
        assertThat(devices.devicesOf("ssni")).containsExactly(ONE);
    }

    @Test
    void aTenantWithDevicesStays() throws IOException {
        directory.tenants().add("a");
        other.devices().add(ONE, "a");
        assertRefused(
                RegistryException.Fault.CONFLICT,
                "has 1 devices",
                () -> directory.tenants().remove("a"));
        other.devices().remove(ONE);
        directory.tenants().remove("a");
        assertRefused(
                RegistryException.Fault.NOT_FOUND,
                "no tenant 'a'",
                () -> other.devices().add(ONE, "a"));
    }

    @Test
    void concurrentAdditionsGiveEachDeviceToOneTenant() throws Exception {
        directory.tenants().add("a");
        directory.tenants().add("b");
        AtomicInteger refused = new AtomicInteger();
        int count = 30;
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            List<Future<?>> done = new ArrayList<>();
            for (AccessDirectory each : List.of(directory, other)) {
                String tenant = each == directory ? "a" : "b";
                done.add(threads.submit(() -> {
                    for (int i = 0; i < count; i++) {
                        try {
                            each.devices().add(new Mac(i), tenant);
                        } catch (RegistryException _) {
                            refused.incrementAndGet();
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> each : done) {
                each.get(50, TimeUnit.SECONDS);
            }
        }
        assertThat(refused).hasValue(count);
        awaitTrue(() -> other.devices().size() == count && directory.devices().size() <= count);
        assertThat(other.devices().devicesOf("a").size()
                        + other.devices().devicesOf("b").size())
                .isEqualTo(count);
    }

    @Test
    void listenersHearOfEachChangeOfAnotherInstanceInOrder() throws IOException {
        List<AccessChange> heard = new CopyOnWriteArrayList<>();
        other.addListener(heard::add);
        directory.tenants().add("a");
        awaitTrue(() -> heard.size() == 1);
        directory.tenants().add("b");
        awaitTrue(() -> heard.size() == 2);
        directory.devices().add(ONE, "a");
        awaitTrue(() -> heard.size() == 3);
        directory.devices().move(ONE, "b");
        awaitTrue(() -> heard.size() == 4);
        directory.devices().remove(ONE);
        awaitTrue(() -> heard.size() == 5);
        directory.users().add("bob", "x", Set.of("ADMIN"));
        awaitTrue(() -> heard.size() == 6);
        Files.writeString(
                data.resolve("access").resolve("roles.yaml"),
                "roles: {EXTRA: [{allow: both, topic: \"{tenantId}/extra/#\"}]}");
        awaitTrue(() -> heard.size() == 7);
        assertThat(heard)
                .containsExactly(
                        new AccessChange.TenantChanged("a"),
                        new AccessChange.TenantChanged("b"),
                        new AccessChange.DeviceChanged(ONE, null, "a"),
                        new AccessChange.DeviceChanged(ONE, "a", "b"),
                        new AccessChange.DeviceChanged(ONE, "b", null),
                        new AccessChange.UserChanged("bob"),
                        new AccessChange.RolesChanged());
        assertThat(other.roles().find("EXTRA")).isPresent();
    }

    @Test
    void aListenerHearsOfItsOwnProcesssChangesToo() throws IOException {
        List<AccessChange> heard = new CopyOnWriteArrayList<>();
        directory.addListener(heard::add);
        directory.tenants().add("a");
        awaitTrue(() -> heard.equals(List.of(new AccessChange.TenantChanged("a"))));
    }

    @Test
    void manyDevicesAreOneWrite() throws IOException {
        directory.tenants().add("a");
        List<Mac> macs = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            macs.add(new Mac(i));
        }
        directory.devices().addAll(macs, "a");
        awaitTrue(() -> other.devices().size() == 20_000);
        assertThat(other.devices().devicesOf("a")).isEqualTo(macs);
        assertThat(Files.readString(data.resolve("access").resolve("devices.json")))
                .contains("\n    \"0000000000000001\" : \"a\",\n");
    }

    @Test
    void brokenFilesAreRefusedWithEachFaultAndItsLine() throws IOException {
        Path access = data.resolve("access");
        Files.writeString(access.resolve("devices.json"), """
                {"format": 1, "devices": {
                  "000000000000000a": "t",
                  "000000000000000A": "u",
                  "xyz": "t",
                  "000000000000000b": "a/b",
                  "000000000000000c": 7
                }}
                """);
        assertThatThrownBy(() -> AccessDirectory.open(data))
                .isInstanceOfSatisfying(
                        BrokenFileException.class,
                        e -> assertThat(e.faults())
                                .hasSize(4)
                                .anyMatch(f -> f.contains("devices.json:3: device 000000000000000a stands here again"))
                                .anyMatch(f -> f.contains("devices.json:4: MAC 'xyz' has 3 characters"))
                                .anyMatch(f -> f.contains("devices.json:5: tenant ID 'a/b' must not contain '/'"))
                                .anyMatch(f -> f.contains("devices.json:6: the tenant of a device must be text")));
        Files.delete(access.resolve("devices.json"));

        Files.writeString(access.resolve("tenants.json"), """
                {"format": 1, "tenants": {
                  "ssni": {"enabled": true},
                  "t": {"enabled": "yes", "clients": {"c": {"secret": "plain", "roles": []}}},
                  "u": {"clients": {"c": {"secret": "sha256:DIGEST", "roles": [], "note": 1}}}
                }}
                """.replace("DIGEST", "0".repeat(64)));
        assertThatThrownBy(() -> AccessDirectory.open(data))
                .isInstanceOfSatisfying(
                        BrokenFileException.class,
                        e -> assertThat(e.faults())
                                .hasSize(5)
                                .anyMatch(f -> f.contains("tenants.json:2: tenant 'ssni' is the users' own"))
                                .anyMatch(f ->
                                        f.contains("tenants.json:3: 'enabled' of tenant 't' must be true or false"))
                                .anyMatch(f -> f.contains("tenants.json:3: 'secret' must be sha256:"))
                                .anyMatch(f -> f.contains("tenants.json:4: client 'c' has another tenant too"))
                                .anyMatch(f -> f.contains("tenants.json:4: unknown key 'note' in client 'c'")));
    }

    @Test
    void aFileThatBreaksWhileInUseLeavesItsLastGoodState() throws IOException {
        directory.users().add("bob", "x", Set.of("ADMIN"));
        awaitTrue(() -> other.users().find("bob").isPresent());
        Path file = data.resolve("access").resolve("users.json");
        String good = Files.readString(file);
        Files.writeString(file, good.replace("argon2id", "rot13"));
        assertThatThrownBy(() -> other.users().add("eve", "x", Set.of("ADMIN")))
                .isInstanceOf(BrokenFileException.class)
                .hasMessageContaining("users.json:5: password hash is not of the form");
        assertThat(other.users().find("bob")).isPresent();
        Files.writeString(file, good);
        other.users().add("eve", "x", Set.of("ADMIN"));
        assertThat(other.users().list()).extracting(User::name).containsExactly("bob", "eve");
    }
}
