// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.presence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.access.Mac;
import org.upwell.gateway.FakeBrokerLink;
import org.upwell.gateway.ManualClock;
import org.upwell.gateway.coap.CoapListener;
import org.upwell.gateway.coap.CoapTimes;
import org.upwell.gateway.event.GatewayCounters;
import org.upwell.gateway.event.GatewayEvent;
import org.upwell.gateway.field.Registration;
import org.upwell.gateway.presence.Presence.Word;
import org.upwell.gateway.presence.PresenceFile.Told;

/// A registration that comes before what an earlier process told has been taken up.
@Timeout(60)
class PresenceRestoreTest {

    private static final Mac MAC = Mac.parse("001350050047dd92");
    private static final Instant BEFORE = Instant.parse("2026-11-20T00:00:00Z");
    private static final InetSocketAddress ADDRESS = new InetSocketAddress(InetAddress.ofLiteral("10.0.0.1"), 4849);
    private static final int DEVICES = 400;

    private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);
    private final FakeBrokerLink link = new FakeBrokerLink("gw-presence");
    private final GatewayCounters counters = new GatewayCounters();
    private final ManualClock clock = new ManualClock();

    @TempDir
    private Path directory;

    @AfterEach
    void stop() {
        timer.shutdownNow();
    }

    private Presence open() throws IOException {
        return new Presence(directory, link, _ -> Optional.of("TN02"), counters, clock, timer);
    }

    private Registration registration(int port) {
        InetSocketAddress address = new InetSocketAddress(ADDRESS.getAddress(), port);
        return new Registration(
                MAC,
                address,
                new CoapEndpoint.Builder()
                        .setConfiguration(CoapListener.configuration(CoapTimes.DEFAULT))
                        .build(),
                1,
                clock.instant(),
                clock.instant());
    }

    private Map<Mac, Told> left() throws IOException {
        try (PresenceFile file = PresenceFile.open(directory.resolve("presence"), Map::of)) {
            return file.takeLeft();
        }
    }

    /// The file is beyond the size at which the next fact has it written anew.
    @Test
    void firstRegistrationDoesNotHaveTheRestForgotten() throws IOException {
        Map<Mac, Told> told = new HashMap<>();
        String padding = "x".repeat(60_000);
        for (int i = 0; i < DEVICES; i++) {
            told.put(new Mac(MAC.bits() + i), new Told(new Word("online", ADDRESS, BEFORE, padding), Set.of("TN01")));
        }
        try (PresenceFile file = PresenceFile.open(directory.resolve("presence"), () -> told)) {
            told.forEach((mac, each) -> {
                file.state(mac, each.word());
                var _ = file.told(mac, "TN01");
            });
        }
        link.connected(false);
        try (Presence presence = open()) {
            presence.registered(null, registration(4849));
        }
        assertThat(left())
                .hasSize(DEVICES)
                .allSatisfy((_, each) -> assertThat(each.tenants()).containsExactly("TN01"));
    }

    @Test
    void whatWasHeardSinceTheStartStandsAndTheFormerTenantIsClearedStill() throws IOException {
        try (PresenceFile file = PresenceFile.open(directory.resolve("presence"), Map::of)) {
            file.state(MAC, new Word("online", ADDRESS, BEFORE, "registered"));
            var _ = file.told(MAC, "TN01");
        }
        try (Presence presence = open()) {
            presence.registered(null, registration(5000));
            presence.restore(List.of());
            await().until(() -> link.published().stream()
                    .anyMatch(each -> each.message().topic().startsWith("TN01/")
                            && each.message().payload().length == 0));
            // Told after that, or before and not again.
            await().until(() -> link.published().getLast().message().topic().startsWith("TN02/"));
            await().until(() -> counters.of(GatewayEvent.PRESENCE_PUBLISHED) > 0);
        }
        assertThat(left().get(MAC)).isNotNull().satisfies(each -> {
            assertThat(each.word().state()).isEqualTo("online");
            assertThat(each.word().address().getPort()).isEqualTo(5000);
            assertThat(each.tenants()).containsExactly("TN02");
        });
    }
}
