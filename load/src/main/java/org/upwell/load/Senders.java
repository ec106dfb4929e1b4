// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

/// The publishers of a run.
///
/// @param qos of publishing and of subscribing
/// @param payloadBytes at least 24, which the stamp takes
/// @param window messages that a publisher may have unacknowledged, and may be ahead of its slowest subscriber
/// @param refill a publisher writes again once it may send this many, so that packets leave together; 0: a quarter
///     of the window
public record Senders(int publishers, int qos, int payloadBytes, int window, int refill) {

    public Senders {
        if (publishers < 1) {
            throw new IllegalArgumentException("at least one publisher is needed");
        }
        if (qos < 0 || qos > 2) {
            throw new IllegalArgumentException("QoS is 0, 1 or 2, not " + qos);
        }
        if (payloadBytes < Stamp.BYTES || payloadBytes > 1 << 24) {
            throw new IllegalArgumentException(
                    "a payload has " + Stamp.BYTES + " bytes, of which sequence and time take all, to 16 MiB");
        }
        if (window < 1 || window > 1 << 20 || (qos > 0 && window > 65_535)) {
            throw new IllegalArgumentException("the window is 1 to 65535, at QoS 0 to 1048576, not " + window);
        }
        if (refill < 0 || refill > window) {
            throw new IllegalArgumentException("a refill is not larger than the window");
        }
    }

    int refillAt(int inForce) {
        return Math.clamp(refill == 0 ? inForce / 4 : refill, 1, inForce);
    }
}
