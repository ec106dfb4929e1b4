// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.upwell.app.process.LastingPorts;

/// One point of every curve but the levels, which the command is tested with, in short, against a real server in a
/// process of its own.
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class CurveRunsTest {
    private static final int N = 40;

    private static StartedBroker server;
    private static CurveRuns runs;

    @BeforeAll
    static void start() throws Exception {
        int httpPort = LastingPorts.tcp();
        server = BrokerKind.SYNC.startForCurves(httpPort);
        runs = new CurveRuns(server.peer().port(), new ServerProbe(server.peer().pid(), httpPort, true));
    }

    @AfterAll
    static void end() throws Exception {
        server.close();
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "LEVELS")
    void everyFigureIsToldOrTooSmall(Curve curve) throws Exception {
        CurvePoint point = measured(curve);
        // A machine that is busy may stand still for as long as is measured, but hardly five times.
        for (int i = 1; i < 5 && hasNothing(curve, point); i++) {
            point = measured(curve);
        }
        assertThat(point.n()).isEqualTo(N);
        assertThat(point.values()).hasSameSizeAs(curve.figures());
        for (int i = 0; i < curve.figures().size(); i++) {
            Figure figure = curve.figures().get(i);
            double value = point.values().get(i);
            if (isNeverZero(figure)) {
                assertThat(value).as(figure.label()).isPositive();
            } else if (figure.word().equals("store_bytes")) {
                // A session or message takes some bytes of the store, and not many more than it has.
                assertThat(value).as(figure.label()).isBetween(20.0, 1_000.0);
            } else {
                assertThat(Double.isNaN(value) || value > 0)
                        .as(figure.label() + " is " + value)
                        .isTrue();
            }
        }
    }

    private static CurvePoint measured(Curve curve) throws Exception {
        return runs.measure(curve, N, new CurveRuns.Times(Duration.ofMillis(50), Duration.ofMillis(150)));
    }

    private static boolean hasNothing(Curve curve, CurvePoint point) {
        return IntStream.range(0, curve.figures().size())
                .anyMatch(i ->
                        isNeverZero(curve.figures().get(i)) && !(point.values().get(i) > 0));
    }

    private static boolean isNeverZero(Figure figure) {
        return figure.kind() == Figure.Kind.RATE || figure.kind() == Figure.Kind.CPU_OF_WHOLE;
    }
}
