// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// What a NIC tells of itself, and when.
class NicOwnResourcesTest extends NicOnAWire {
    @Test
    void ownResourcesInTheTableAreTold() {
        Nic nic = started(BubbleUpEntry.alert("/power"), BubbleUpEntry.read("/battery"));
        nic.mainsPower(false);
        loop.advance(Duration.ofMinutes(16));
        Map<String, String> told = new TreeMap<>();
        acknowledged.forEach(one ->
                told.merge(one.uri(), new String(one.payload(), StandardCharsets.US_ASCII).substring(11), (a, b) -> a));
        assertThat(told).containsEntry("/power", "lost").containsEntry("/battery", "100,%");
        assertThat(acknowledged.getFirst().kind()).isEqualTo(BubbleUpClass.ALERT);
    }

    @Test
    void observersOfOwnResourcesAreToldByPeriod() {
        Nic nic = started(new BubbleUpEntry("/signal", BubbleUpClass.READ, true, true, false, Duration.ofMinutes(5)));
        network.ownObserved.addAll(List.of("/time", "/signal"));
        nic.ownObserved("/time");
        nic.ownObserved("/time");
        nic.ownObserved("/signal");
        loop.advance(Duration.ofMinutes(31));
        assertThat(network.notified)
                .as("the signal by the table")
                .containsExactlyInAnyOrder(
                        "/time", "/time", "/signal", "/signal", "/signal", "/signal", "/signal", "/signal");
        network.ownObserved.clear();
        loop.advance(Duration.ofHours(1));
        assertThat(network.notified).filteredOn("/time"::equals).hasSize(2);
        network.ownObserved.add("/time");
        nic.ownObserved("/time");
        loop.advance(Duration.ofMinutes(16));
        assertThat(network.notified).filteredOn("/time"::equals).hasSize(3);
    }

    @Test
    void observersOfOwnResourcesAreToldOfChangesButNotOfEachFlutter() {
        Nic nic = started();
        nic.signalDbm(-71);
        loop.advance(Duration.ofMinutes(2));
        assertThat(network.notified).as("nobody observes").isEmpty();
        network.ownObserved.addAll(List.of("/battery", "/signal"));
        nic.batteryPercent(99);
        nic.batteryPercent(99);
        loop.run();
        assertThat(network.notified).containsExactly("/battery");
        for (int dbm = -90; dbm < -60; dbm++) {
            nic.signalDbm(dbm);
            loop.advance(Duration.ofSeconds(1));
        }
        assertThat(network.notified).containsExactly("/battery", "/signal");
        loop.advance(Duration.ofMinutes(5));
        assertThat(network.notified).as("the last change").containsExactly("/battery", "/signal", "/signal");
    }
}
