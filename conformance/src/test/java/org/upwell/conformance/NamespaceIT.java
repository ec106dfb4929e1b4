// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// `./upwell field --namespace` against a gateway on the host: devices at IPv6 addresses of a network of their own,
/// which a host must allow. Nothing leaves the machine, and nothing of it stays there.
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class NamespaceIT {
    private static final String FIELD = "field";
    private static final String MAC = "0013500500000007";
    /// Of this process alone, so that no other on this host is in its way.
    private static final String GROUPS = String.format(
            Locale.ROOT,
            "%x:%x",
            ProcessHandle.current().pid() >> 16,
            ProcessHandle.current().pid() & 0xffff);

    private static final String PREFIX = "fd00:5eed:" + GROUPS + "::/64";
    private static final String GATEWAY = "fd00:5eee:" + GROUPS + "::1";
    private static final Pattern AT = Pattern.compile("acme/presence/(\\p{XDigit}{16})/nic .*\"address\":\"([^\"]+)\"");
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    /// Asks the host by itself, so that a fault of ours does not look like a host that does not allow it.
    private static void giveAddressToHostThatAllows() throws IOException, InterruptedException {
        String wanted = """
                test "$(cat /proc/sys/net/ipv6/conf/default/disable_ipv6)" = 0 || { echo IPv6 is switched off; exit 1; }
                unshare --net sh -c 'ip link add name one type veth peer name two && ip link set lo up &&
                    ip -6 route add local fd00::/64 dev lo'
                """;
        StringBuilder said = new StringBuilder();
        assumeTrue(shell(wanted, said) == 0, () -> "this host allows no network namespace with IPv6: " + said);
        assertThat(shell("ip -6 address replace " + GATEWAY + "/128 dev lo nodad", said))
                .as(said.toString())
                .isZero();
    }

    @AfterEach
    void takeAddressFromHost() throws Exception {
        if (NetworkInterface.getByInetAddress(InetAddress.ofLiteral(GATEWAY)) != null) {
            shell("ip -6 address delete " + GATEWAY + "/128 dev lo", new StringBuilder());
        }
    }

    private static int shell(String command, StringBuilder said) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("sh", "-c", command)
                .redirectErrorStream(true)
                .start();
        said.append(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        return process.waitFor();
    }

    @Test
    void devicesAreRegisteredHeardAskedAndFollowedAtIpv6AddressesOfTheirOwn() throws Exception {
        giveAddressToHostThatAllows();
        Installation upwell = new Installation(directory);
        upwell.hearDevices("::", PREFIX);
        upwell.addTenant("acme");
        Path macs =
                Files.writeString(directory.resolve("macs"), upwell.upwell(FIELD, "--devices", "20", "--list-macs"));
        upwell.upwell("device", "add", "--tenant", "acme", "@" + macs, "--data-directory", upwell.data.toString());
        Path operator = upwell.addUser("operator", "operator-secret", "OPERATOR");
        try (UpwellProcess _ = upwell.startServer(true);
                UpwellProcess presence = start(upwell, operator, "sub", "acme/presence/+/nic");
                UpwellProcess field = start(
                        upwell,
                        operator,
                        FIELD,
                        "--namespace",
                        "--addresses",
                        PREFIX,
                        "--gateway",
                        "[" + GATEWAY + "]:" + upwell.fieldPort,
                        "--devices",
                        "20",
                        "--access-points",
                        "2",
                        "--period",
                        "1s",
                        "--start-over",
                        "1s",
                        "--scenario",
                        weather().toString(),
                        "--verify",
                        "acme/read/#")) {
            await().atMost(PATIENCE)
                    .until(() -> addresses(presence, "\\p{XDigit}{16}").size() >= 20);
            assertThat(addresses(presence, "\\p{XDigit}{16}"))
                    .as(presence.output())
                    .allMatch(address -> address.contains("fd00:5eed:" + GROUPS + ":"));
            Path token = Files.writeString(directory.resolve("token"), Tokens.of(upwell, "acme"));
            assertThat(get(upwell, token)).contains("Upwell NIC " + MAC);
            await().atMost(PATIENCE).until(() -> addresses(presence, MAC).size() > 1);
            assertThat(get(upwell, token)).contains("Upwell NIC " + MAC);

            // Not by the JDK's way, which closes the output too.
            field.signal("TERM");
            int exitCode = field.await(90);
            String out = field.output();
            assertThat(exitCode).as(out).isZero();
            assertThat(out.lines().toList().getLast())
                    .as(out)
                    .matches("sent=(?!0 )\\d+ delivered=\\d+ lost=0 duplicated=\\d+");
            assertThat(linksOf(field)).isEmpty();
        }
    }

    /// `kill -9` gives it no time to take anything away.
    @Test
    void nothingIsLeftOfAFieldThatIsKilled() throws Exception {
        giveAddressToHostThatAllows();
        try (UpwellProcess field = UpwellProcess.start(
                directory,
                "field of 10 NICs behind 1 access points, gateway [" + GATEWAY + "]:5685",
                FIELD,
                "--namespace",
                "--addresses",
                PREFIX,
                "--gateway",
                "[" + GATEWAY + "]:5685",
                "--devices",
                "10")) {
            field.awaitReady();
            assertThat(linksOf(field)).hasSize(1);
            field.kill();
            // The system ends a namespace some time after the last that was in it.
            await().atMost(PATIENCE).until(() -> linksOf(field).isEmpty());
        }
    }

    private static Set<String> linksOf(UpwellProcess field) throws IOException {
        return NetworkInterface.networkInterfaces()
                .map(NetworkInterface::getName)
                .filter(name -> name.startsWith("upw" + field.pid() + "-"))
                .collect(Collectors.toSet());
    }

    /// Every device has moved again before long, however slow the machine.
    private Path weather() throws IOException {
        return Files.writeString(
                directory.resolve("weather.yaml"),
                IntStream.range(1, 12)
                        .mapToObj(i -> "  - { at: " + 10 * i + "s, what: address-changes, share: 100%, over: 2s }\n")
                        .collect(Collectors.joining("", "seed: 5\nweather:\n", "")));
    }

    private UpwellProcess start(Installation upwell, Path password, String command, String... arguments)
            throws IOException {
        String[] all = new String[arguments.length + 7];
        all[0] = command;
        all[1] = "--url";
        all[2] = "tcp://127.0.0.1:" + upwell.tcpPort;
        all[3] = "--user";
        all[4] = "operator";
        all[5] = "--password-file";
        all[6] = password.toString();
        System.arraycopy(arguments, 0, all, 7, arguments.length);
        return UpwellProcess.start(directory, "\0", all);
    }

    /// Where devices have been so far, as told by presence.
    private static Set<String> addresses(UpwellProcess presence, String mac) {
        Pattern wanted = Pattern.compile(mac);
        return AT.matcher(presence.output())
                .results()
                .filter(told -> wanted.matcher(told.group(1)).matches())
                .map(told -> told.group(2))
                .collect(Collectors.toSet());
    }

    private static String get(Installation upwell, Path token) throws IOException, InterruptedException {
        return upwell.upwell(
                "get",
                "--gateway",
                "127.0.0.1:" + upwell.coapPort,
                "--token-file",
                token.toString(),
                "coap://SSN" + MAC + ".example:4849/");
    }
}
