// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.time.Duration;
import org.upwell.load.Pace;
import picocli.CommandLine.Option;

/// How fast and how long a load runs.
final class LoadPaceOptions {
    @Option(
            names = {"-r", "--rate"},
            paramLabel = "RATE",
            defaultValue = "0",
            description = "Messages per second of all publishers together; 0: as fast as windows allow"
                    + " (default: ${DEFAULT-VALUE})")
    private double rate;

    @Option(
            names = "--no-credit",
            description = "Publishers do not wait for the slowest subscriber: a broker that drops will be seen to")
    private boolean noCredit;

    @Option(
            names = {"-W", "--warm-up"},
            paramLabel = "SECONDS",
            defaultValue = "2",
            description = "Before what is measured (default: ${DEFAULT-VALUE})")
    private double warmUpSeconds;

    @Option(
            names = {"-D", "--duration"},
            paramLabel = "SECONDS",
            defaultValue = "10",
            description = "What is measured (default: ${DEFAULT-VALUE})")
    private double measuredSeconds;

    Pace pace() {
        return new Pace(rate, !noCredit, seconds(warmUpSeconds), seconds(measuredSeconds));
    }

    static Duration seconds(double seconds) {
        if (!(seconds >= 0 && seconds <= 86_400)) {
            throw new IllegalArgumentException("a time is 0 to 86400 s");
        }
        return Duration.ofNanos((long) (seconds * 1e9));
    }
}
