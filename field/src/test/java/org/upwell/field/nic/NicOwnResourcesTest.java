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

    private static BubbleUpEntry battery(int minutes) {
        return new BubbleUpEntry("/battery", BubbleUpClass.READ, true, true, false, Duration.ofMinutes(minutes));
    }

    private void change(Nic nic, BubbleUpEntry... rows) {
        nic.changeTable(List.of(rows), kept -> assertThat(kept).isTrue());
        loop.run();
    }

    @Test
    void rowThatIsPutBackIsToldOncePerPeriod() {
        Nic nic = started(battery(10));
        for (int i = 0; i < 5; i++) {
            loop.advance(Duration.ofSeconds(1));
            change(nic, battery(7));
            change(nic);
            change(nic, battery(10));
        }
        loop.advance(Duration.ofMinutes(31));
        assertThat(acknowledged).hasSize(3);
    }

    @Test
    void observersAreToldByPeriodWhetherTheTableHasARowOrNot() {
        Nic nic = started();
        network.ownObserved.add("/battery");
        nic.ownObserved("/battery");
        loop.advance(Duration.ofMinutes(1));
        change(nic, battery(5));
        loop.advance(Duration.ofMinutes(29));
        assertThat(network.notified).as("with a row, every 5 minutes").hasSize(5);
        change(nic);
        loop.advance(Duration.ofMinutes(46));
        assertThat(network.notified).as("without, every 15 minutes").hasSize(8);
    }
}
