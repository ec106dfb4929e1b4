// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.upwell.broker.testing.FakeLoops;

class FlowTest {

    private final FakeLoops clock = new FakeLoops(1);
    private final Ticks ticks = new Ticks(clock);
    private final Flow flow = new Flow(ticks);

    private void advance(int seconds) {
        clock.advance(Duration.ofSeconds(seconds));
        ticks.advance();
    }

    @Test
    void ratesAreTakenOverTheLastFullMinute() {
        for (int step = 0; step < 6; step++) {
            for (int i = 0; i < 100; i++) {
                flow.in();
            }
            flow.out();
            advance(Flow.STEP_SECONDS);
        }
        assertThat(flow.inPerSecond()).isEqualTo(10.0);
        assertThat(flow.outPerSecond()).isEqualTo(0.1);
        flow.in();
        assertThat(flow.inPerSecond()).isEqualTo(10.0);
        advance(3 * Flow.STEP_SECONDS);
        assertThat(flow.inPerSecond()).isEqualTo(301 / 60.0);
        advance(10 * Flow.STEP_SECONDS);
        assertThat(flow.inPerSecond()).isZero();
        assertThat(flow.outPerSecond()).isZero();
    }
}
