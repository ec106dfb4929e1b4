// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

/// Counts how messages were acknowledged to their publishers. Owned by the loop.
final class Acknowledgements {
    private final Histogram latency = new Histogram();
    private long acknowledged;
    private long rejected;
    private long wrong;
    private boolean measuring;

    /// Whether times are kept from now on.
    void measure(boolean now) {
        measuring = now;
    }

    void done(long nanos, boolean refused) {
        acknowledged++;
        if (refused) {
            rejected++;
        }
        if (measuring) {
            latency.add(nanos);
        }
    }

    void wrong() {
        wrong++;
    }

    /// Rejected ones included.
    long acknowledged() {
        return acknowledged;
    }

    void report(LoadReport report) {
        report.latency("ack_latency_us", latency).count("rejected", rejected).count("bad_acks", wrong);
    }
}
