// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import org.jspecify.annotations.Nullable;
import org.upwell.load.Senders;
import picocli.CommandLine.Option;

/// The publishers of a load.
final class LoadSenderOptions {
    @Option(
            names = {"-P", "--publishers"},
            paramLabel = "N",
            defaultValue = "1",
            description = "Publishers (default: ${DEFAULT-VALUE})")
    private int publishers;

    @Option(
            names = {"-q", "--qos"},
            paramLabel = "QOS",
            description = "QoS of publishing and of subscribing (default: 0; offline and retained: 1)")
    private @Nullable Integer qos;

    @Option(
            names = {"-b", "--payload"},
            paramLabel = "BYTES",
            defaultValue = "64",
            description = "Payload, at least 24 (default: ${DEFAULT-VALUE})")
    private int payload;

    @Option(
            names = {"-w", "--window"},
            paramLabel = "N",
            defaultValue = "100",
            description =
                    "Messages that a publisher may have unacknowledged, and may be ahead of its slowest subscriber"
                            + " (default: ${DEFAULT-VALUE})")
    private int window;

    @Option(
            names = "--refill",
            paramLabel = "N",
            defaultValue = "0",
            description = "A publisher writes again once it may send so many (default: a quarter of the window)")
    private int refill;

    int publishers() {
        return publishers;
    }

    Senders senders(int defaultQos) {
        return new Senders(publishers, qos == null ? defaultQos : qos, payload, window, refill);
    }
}
