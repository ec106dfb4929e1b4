// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Response;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.upwell.field.coap.CoapCode;
import org.upwell.field.coap.CoapFormatException;
import org.upwell.field.coap.CoapMessage;
import org.upwell.field.coap.CoapType;
import org.upwell.field.nic.FakeGateway;

/// Real UDP on the loopback network, with 64-bit Linux underneath.
@Timeout(180)
@Execution(ExecutionMode.CONCURRENT) // Each has a field and a gateway of its own, and waits for them.
class MeshFieldTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final FakeGateway gateway = new FakeGateway();

    @AfterEach
    void close() {
        gateway.close();
    }

    private MeshField.Settings settings(int devices, int accessPoints) {
        return MeshField.Settings.of(gateway.address(), devices, accessPoints, Duration.ofSeconds(1), 3)
                .withStart(Duration.ofMillis(500), 2, 100);
    }

    private static MeshField start(MeshField.Settings settings, MeshListener listener) throws IOException {
        return MeshField.start(settings, InstantSource.system(), listener);
    }

    /// What the gateway got, each number once, as it would publish it.
    private DeliveryLedger.Balance delivered(MeshField.Settings settings, DeliveryLedger ledger) {
        Set<String> published = new HashSet<>();
        for (FakeGateway.Asked asked : gateway.bubbleUps) {
            if (published.add(asked.query("mac") + asked.query("boot") + "/" + asked.query("seq"))) {
                ledger.onDelivered(
                        settings.device(Long.parseUnsignedLong(asked.query("mac"), 16)),
                        Long.parseLong(asked.query("seq")));
            }
        }
        return ledger.balance();
    }

    @Test
    void manyNicsOnFewSocketsEachSpeakFromAnAddressOfTheirOwn() throws Exception {
        MeshField.Settings settings = settings(600, 3);
        DeliveryLedger ledger = new DeliveryLedger(600);
        try (MeshField field = start(settings, ledger)) {
            await().atMost(PATIENCE).until(() -> field.report().acknowledged() >= 1_200);
            field.stopProducing();
            assertThat(field.flush(PATIENCE)).isTrue();
        }
        Set<InetSocketAddress> sources = new HashSet<>();
        Set<Integer> ports = new HashSet<>();
        gateway.registrations.forEach(asked -> {
            sources.add(asked.from());
            ports.add(asked.from().getPort());
        });
        assertThat(sources).hasSize(600);
        assertThat(ports).as("one socket for each access point").hasSize(3);
        DeliveryLedger.Balance balance = delivered(settings, ledger);
        assertThat(balance.lost()).isZero();
        assertThat(balance.duplicated()).isZero();
        assertThat(balance.delivered()).isEqualTo(balance.made()).isGreaterThanOrEqualTo(1_200);
    }

    @Test
    void aNicIsReachedAtItsAddressUntilItMoves() throws Exception {
        try (MeshField field = start(settings(40, 2), new MeshListener() {});
                DatagramSocket client = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            InetSocketAddress before = field.address(29);
            assertThat(text(ask(client, before))).isEqualTo("Upwell NIC 001350050000001e, boot 3");
            field.changeAddress(29);
            InetSocketAddress after = field.address(29);
            assertThat(after).isNotEqualTo(before);
            assertThat(text(ask(client, after))).isEqualTo("Upwell NIC 001350050000001e, boot 3");
            await().atMost(PATIENCE)
                    .until(() -> gateway.registrations.stream()
                            .anyMatch(asked -> asked.from().equals(after)));
            askInVain(client, before);
            // Behind the first access point, so it is not to be had at the second one's port.
            InetSocketAddress wrong = new InetSocketAddress(field.address(1).getAddress(), after.getPort());
            askInVain(client, wrong);
        }
    }

    /// Each access point has the same addresses to give; a NIC is known by its address and its port.
    @Test
    void moreNicsThanAddressesAreToldApartByTheirAccessPoints() throws Exception {
        MeshField.Settings settings = new MeshField.Settings(
                gateway.address(),
                12,
                3,
                MeshField.Settings.DEFAULT_FIRST_MAC,
                Duration.ofSeconds(1),
                Scenario.calm(1),
                AddressPlan.parse("127.9.0.0/29"),
                0,
                Duration.ofMillis(100),
                2,
                100,
                3);
        try (MeshField field = start(settings, new MeshListener() {});
                DatagramSocket client = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            Set<InetSocketAddress> all = new HashSet<>();
            for (int device = 0; device < 12; device++) {
                assertThat(text(ask(client, field.address(device)))).contains(settings.mac(device));
                all.add(field.address(device));
            }
            assertThat(all).hasSize(12);
            field.changeAddress(9);
            assertThat(all).doesNotContain(field.address(9));
            assertThat(text(ask(client, field.address(9)))).contains(settings.mac(9));
            await().atMost(PATIENCE)
                    .until(() -> gateway.registrations.stream()
                            .map(FakeGateway.Asked::from)
                            .toList()
                            .contains(field.address(9)));
        }
    }

    /// Nobody waits for a part of the field that is not there any more.
    @Test
    void aFieldThatFailsSaysSo() throws Exception {
        MeshListener faulty = new MeshListener() {
            @Override
            public void onMade(int device, int sequence) {
                if (device == 1) {
                    throw new IllegalStateException("planted");
                }
            }
        };
        try (MeshField field = start(settings(40, 2), faulty)) {
            await().atMost(PATIENCE).until(() -> !field.isAlive());
            field.stopProducing();
            assertThatThrownBy(() -> field.address(1)).hasMessage("device 1 is dead");
            assertThat(field.address(39)).as("another part").isNotNull();
            assertThat(field.flush(Duration.ofDays(1))).isFalse();
        }
    }

    @Test
    void nothingIsLostOrMadeTwiceInBadWeather() throws Exception {
        Scenario scenario = Scenario.calm(4711)
                .withAir(new Air(1, 4, Duration.ofMillis(10), 0.03, 0.05, 0.05))
                .withOwnWan(0.1)
                .withWeather(List.of(
                        new Weather.AddressChanges(Duration.ofMillis(600), Duration.ofSeconds(2), 0.5),
                        new Weather.AccessPointOutage(Duration.ofSeconds(1), Duration.ofSeconds(2), 0, 0),
                        new Weather.PowerFailure(
                                Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(1), 1, 1),
                        new Weather.Misbehaviour(
                                Duration.ofSeconds(1), Duration.ofSeconds(4), Weather.Misbehaviour.Kind.REPEATS, 0.2),
                        new Weather.Misbehaviour(
                                Duration.ofSeconds(1), Duration.ofSeconds(4), Weather.Misbehaviour.Kind.GARBAGE, 0.2)));
        MeshField.Settings settings = MeshField.Settings.of(gateway.address(), 200, 4, Duration.ofSeconds(4), 3)
                .withStart(Duration.ofMillis(500), 2, 100)
                .withScenario(scenario);
        DeliveryLedger ledger = new DeliveryLedger(200);
        try (MeshField field = start(settings, ledger)) {
            // The power is back everywhere after eight seconds, and every one of its devices says so.
            await().atMost(PATIENCE).until(() -> field.report().alerts() == 100);
            field.stopProducing();
            assertThat(field.flush(Duration.ofSeconds(30))).isTrue();
            assertThat(field.report().lostInTheAir()).isPositive();
            assertThat(field.report().dropped()).isZero();
            assertThat(field.report().delays().quantile(0.5)).isPositive();
        }
        DeliveryLedger.Balance balance = delivered(settings, ledger);
        assertThat(balance.lost()).as("seed %d: %s", scenario.seed(), balance).isZero();
        assertThat(balance.strange()).isZero();
        assertThat(gateway.bubbleUps.size()).as("repeats came").isGreaterThan((int) balance.delivered());
        assertThat(gateway.bubbleUps)
                .filteredOn(asked -> new String(asked.payload(), StandardCharsets.US_ASCII).endsWith(",lost"))
                .extracting(asked -> asked.query("mac"))
                .as("last gasps of the second access point")
                .isSubsetOf(macs(settings, 50, 100));
    }

    private static List<String> macs(MeshField.Settings settings, int from, int to) {
        return IntStream.range(from, to).mapToObj(settings::mac).toList();
    }

    @Test
    void aGatewayThatIsBusyGetsEverythingInTheEnd() throws Exception {
        gateway.onBubbleUp = (asked, count) -> count % 3 == 0
                ? FakeGateway.maxAge(new Response(ResponseCode.SERVICE_UNAVAILABLE), 1)
                : FakeGateway.changed();
        MeshField.Settings settings = settings(50, 1);
        DeliveryLedger ledger = new DeliveryLedger(50);
        try (MeshField field = start(settings, ledger)) {
            await().atMost(PATIENCE).until(() -> field.report().acknowledged() >= 100);
            field.stopProducing();
            assertThat(field.flush(PATIENCE)).isTrue();
        }
        assertThat(delivered(settings, ledger).lost()).isZero();
    }

    private static CoapMessage ask(DatagramSocket client, InetSocketAddress nic)
            throws IOException, CoapFormatException {
        return ask(client, nic, PATIENCE);
    }

    /// For who is not there.
    private static void askInVain(DatagramSocket client, InetSocketAddress nic) {
        assertThatThrownBy(() -> ask(client, nic, Duration.ofSeconds(1))).isInstanceOf(SocketTimeoutException.class);
    }

    private static CoapMessage ask(DatagramSocket client, InetSocketAddress nic, Duration patience)
            throws IOException, CoapFormatException {
        byte[] request = CoapMessage.of(CoapType.CONFIRMABLE, CoapCode.GET, 77)
                .token(new byte[] {1, 2, 3})
                .build()
                .encode();
        client.setSoTimeout(Math.toIntExact(patience.toMillis()));
        client.send(new DatagramPacket(request, request.length, nic));
        DatagramPacket answer = new DatagramPacket(new byte[500], 500);
        client.receive(answer);
        assertThat(answer.getSocketAddress())
                .as("the answer comes from where was asked")
                .isEqualTo(nic);
        byte[] bytes = new byte[answer.getLength()];
        System.arraycopy(answer.getData(), 0, bytes, 0, bytes.length);
        return CoapMessage.decode(bytes);
    }

    private static String text(CoapMessage message) {
        return new String(message.payload(), StandardCharsets.UTF_8);
    }
}
