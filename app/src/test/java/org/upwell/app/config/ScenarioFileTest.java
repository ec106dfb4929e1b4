// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.upwell.field.mesh.Air;
import org.upwell.field.mesh.Scenario;
import org.upwell.field.mesh.Weather;

class ScenarioFileTest {
    private static Scenario parse(String text) throws InvalidConfigException {
        return ScenarioFile.parse(Path.of("storm.yaml"), text, 10);
    }

    @Test
    void anEmptyFileIsACalmDay() throws InvalidConfigException {
        assertThat(parse("")).isEqualTo(Scenario.calm(1));
    }

    @Test
    void everyKeyIsRead() throws InvalidConfigException {
        String curve = String.join(", ", Collections.nCopies(24, "0.5"));
        Scenario scenario = parse("""
                seed: 7
                day: 10m
                daily-curve: [CURVE]
                sleeping: 10%
                wake-every: 45s
                own-wan: 0.05
                air: { hops: 2-5, delay-per-hop: 20ms, loss: 5%, duplicates: 1%, reorders: 0.5% }
                weather:
                  - { at: 10s, what: address-changes, share: 20%, over: 1m }
                  - { at: 20s, what: access-point-outage, access-points: 3, for: 30s }
                  - { at: 40s, what: power-failure, access-points: 0-9, for: 90s, last-gasp: 15s }
                  - { at: 50s, what: restarts, share: 1%, for: 20s }
                """.replace("CURVE", curve));
        assertThat(scenario)
                .isEqualTo(new Scenario(
                        7,
                        new Air(2, 5, Duration.ofMillis(20), 0.05, 0.01, 0.005),
                        Collections.nCopies(24, 0.5),
                        Duration.ofMinutes(10),
                        0.1,
                        Duration.ofSeconds(45),
                        0.05,
                        List.of(
                                new Weather.AddressChanges(Duration.ofSeconds(10), Duration.ofMinutes(1), 0.2),
                                new Weather.AccessPointOutage(Duration.ofSeconds(20), Duration.ofSeconds(30), 3, 3),
                                new Weather.PowerFailure(
                                        Duration.ofSeconds(40), Duration.ofSeconds(90), Duration.ofSeconds(15), 0, 9),
                                new Weather.Misbehaviour(
                                        Duration.ofSeconds(50),
                                        Duration.ofSeconds(20),
                                        Weather.Misbehaviour.Kind.RESTARTS,
                                        0.01))));
    }

    @Test
    void allFaultsAreToldEachWithItsLine() {
        assertThatThrownBy(() -> parse("""
                        daily-curve: [1, 2]
                        air:
                          loss: 120%
                          wind: 3
                        weather:
                          - { at: 1s, what: snow }
                          - { at: 1s, what: power-failure, for: 5s }
                        """))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageContaining("storm.yaml:1: 'daily-curve' is refused: a daily curve has 24 numbers, not 2")
                .hasMessageContaining("storm.yaml:3: 'air.loss' must be a share such as 0.05 or 5%")
                .hasMessageContaining("storm.yaml:4: unknown key 'air.wind'")
                .hasMessageContaining("'weather[0].what' must be address-changes")
                .hasMessageContaining("'weather[1].for' is refused: a power failure lasts longer");
    }

    @Test
    void timesThatAreTooShortAreToldOnTheirOwnLines() {
        assertThatThrownBy(() -> parse("""
                        seed: 1
                        wake-every: 50ms
                        day: 1ms
                        """))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageContaining("storm.yaml:2: 'wake-every' must be 100ms at least")
                .hasMessageContaining("storm.yaml:3: 'day' must be 24ms at least");
    }

    /// Else the outage would be of nothing, and nobody told.
    @Test
    void accessPointsThatTheFieldDoesNotHaveAreRefused() throws InvalidConfigException {
        String text = """
                weather:
                  - { at: 1s, what: access-point-outage, for: 5s, access-points: 9 }
                  - { at: 1s, what: access-point-outage, for: 5s, access-points: 10 }
                  - at: 1s
                    what: power-failure
                    for: 90s
                    access-points: 5-10
                """;
        assertThatThrownBy(() -> parse(text))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessage("storm.yaml:3: 'weather[1].access-points' must be within 0-9, the field has 10 access"
                        + " points\nstorm.yaml:7: 'weather[2].access-points' must be within 0-9, the field has 10"
                        + " access points");
        assertThat(ScenarioFile.parse(Path.of("storm.yaml"), text, 11).weather())
                .hasSize(3);
    }
}
