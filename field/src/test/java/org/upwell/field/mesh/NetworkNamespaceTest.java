// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.upwell.field.coap.CoapCode;
import org.upwell.field.coap.CoapMessage;
import org.upwell.field.coap.CoapType;
import org.upwell.field.nic.FakeGateway;

/// Real namespaces and real UDP, where the host allows it; nothing leaves the machine.
@Timeout(60)
class NetworkNamespaceTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    /// Of this process alone, so that no other on this host is in its way.
    private static final String GROUPS = String.format(
            Locale.ROOT,
            "%x:%x",
            ProcessHandle.current().pid() >> 16,
            ProcessHandle.current().pid() & 0xffff);

    private static final AddressPlan PLAN = AddressPlan.parse("fd00:5eed:" + GROUPS + "::/64");
    private static final InetAddress GATEWAY = InetAddress.ofLiteral("fd00:5eee:" + GROUPS + "::1");

    /// Asks the host by itself, so that a fault of what is tested does not look like a host that does not allow it.
    private static void giveAddressToHostThatAllows() throws IOException, InterruptedException {
        String wanted = """
                test "$(cat /proc/sys/net/ipv6/conf/default/disable_ipv6)" = 0 || { echo IPv6 is switched off; exit 1; }
                unshare --net sh -c 'ip link add name one type veth peer name two && ip link set lo up &&
                    ip -6 route add local fd00::/64 dev lo'
                """;
        Process probe =
                new ProcessBuilder("sh", "-c", wanted).redirectErrorStream(true).start();
        String said = new String(probe.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assumeTrue(probe.waitFor() == 0, () -> "this host allows no network namespace with IPv6: " + said);
        IpCommand.run("the address", "-6 address replace " + GATEWAY.getHostAddress() + "/128 dev lo nodad");
    }

    @AfterEach
    void takeAddressFromHost() throws Exception {
        if (NetworkInterface.getByInetAddress(GATEWAY) != null) {
            IpCommand.run("the address", "-6 address delete " + GATEWAY.getHostAddress() + "/128 dev lo");
        }
    }

    @Test
    void nicsInANamespaceHaveIpv6AddressesOfTheirOwn() throws Exception {
        giveAddressToHostThatAllows();
        try (NetworkNamespace namespace = NetworkNamespace.open(PLAN, GATEWAY);
                FakeGateway gateway = new FakeGateway(GATEWAY);
                DatagramSocket client = new DatagramSocket(0, GATEWAY)) {
            MeshField.Settings settings = new MeshField.Settings(
                    gateway.address(),
                    60,
                    2,
                    MeshField.Settings.DEFAULT_FIRST_MAC,
                    Duration.ofSeconds(1),
                    Scenario.calm(1),
                    PLAN,
                    0,
                    Duration.ofMillis(200),
                    2,
                    100,
                    3);
            try (MeshField field =
                    namespace.call(() -> MeshField.start(settings, InstantSource.system(), new MeshListener() {}))) {
                await().atMost(PATIENCE).until(() -> field.report().acknowledged() >= 120);
                Set<InetAddress> sources = new HashSet<>();
                gateway.registrations.forEach(asked -> sources.add(asked.from().getAddress()));
                assertThat(sources).hasSize(60).allMatch(source -> PLAN.number(source.getAddress()) >= 0);

                InetSocketAddress before = field.address(31);
                assertThat(ask(client, before)).contains(settings.mac(31));
                field.changeAddress(31);
                InetSocketAddress after = field.address(31);
                assertThat(after.getAddress()).isNotEqualTo(before.getAddress());
                assertThat(ask(client, after)).contains(settings.mac(31));
                await().atMost(PATIENCE)
                        .until(() -> gateway.registrations.stream()
                                .anyMatch(asked -> asked.from().equals(after)
                                        && asked.query("mac").equals(settings.mac(31))));
                assertThatThrownBy(() -> ask(client, before)).isInstanceOf(SocketTimeoutException.class);
            }
        }
        assertThat(links()).isEmpty();
    }

    /// The prefix of one that is there is taken: the second fails at the host's route, its last step.
    @Test
    void whatWasMadeGoesAwayAfterAFailure() throws Exception {
        giveAddressToHostThatAllows();
        try (NetworkNamespace first = NetworkNamespace.open(PLAN, GATEWAY)) {
            assertThatThrownBy(() -> NetworkNamespace.open(PLAN, GATEWAY))
                    .isInstanceOf(IOException.class)
                    .hasMessageMatching("the network namespace cannot be made: " + "'ip -6 route add fd00:5eed:"
                            + GROUPS + ":.* ended with \\d+, .*File exists; it needs IPv6.*");
            assertThat(links()).containsExactly(first.link());
        }
        assertThat(links()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "127.9.0.0/16, fd00:5eed:7e57:1::1, a network namespace is for IPv6 addresses of NICs and gateway",
        "fd00:5eed:7e57::/64, 127.0.0.1, a network namespace is for IPv6 addresses of NICs and gateway",
        "fd00:5eed:7e57::/64, ::1, from a network namespace there is no way to 0:0:0:0:0:0:0:1 of the host",
        "fd00:5eed:7e57::/64, fd00:5eed:7e57::1, the gateway must not have an address of the NICs",
        "fd00:5eed:7e57::/64, 2001:db8::1, '2001:db8:0:0:0:0:0:1 is not an address of this host; before the gateway "
                + "starts, ''ip -6 address add 2001:db8:0:0:0:0:0:1/128 dev lo'' makes it one'",
        "fd00:5eed:7e57::5/64, fd00:5eed:7e57:2::1, 'fd00:5eed:7e57:0:0:0:0:5 does not begin a range of 1099511627776 "
                + "addresses: the bits below its prefix length must be 0'",
    })
    void addressesWithWhichItCannotBeAreRefusedAtOnce(String range, String gateway, String told) {
        AddressPlan plan = AddressPlan.parse(range);
        InetAddress address = InetAddress.ofLiteral(gateway);
        assertThatThrownBy(() -> NetworkNamespace.open(plan, address))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(told);
    }

    /// Ends of pairs that this process has on the host.
    private static List<String> links() throws IOException {
        return NetworkInterface.networkInterfaces()
                .map(NetworkInterface::getName)
                .filter(name -> name.startsWith("upw" + ProcessHandle.current().pid() + "-"))
                .toList();
    }

    private static String ask(DatagramSocket client, InetSocketAddress nic) throws Exception {
        byte[] request = CoapMessage.of(CoapType.CONFIRMABLE, CoapCode.GET, 77)
                .token(new byte[] {1, 2, 3})
                .build()
                .encode();
        client.setSoTimeout(1_000);
        client.send(new DatagramPacket(request, request.length, nic));
        DatagramPacket answer = new DatagramPacket(new byte[500], 500);
        client.receive(answer);
        assertThat(answer.getSocketAddress()).isEqualTo(nic);
        byte[] bytes = new byte[answer.getLength()];
        System.arraycopy(answer.getData(), 0, bytes, 0, bytes.length);
        return new String(CoapMessage.decode(bytes).payload(), StandardCharsets.UTF_8);
    }
}
