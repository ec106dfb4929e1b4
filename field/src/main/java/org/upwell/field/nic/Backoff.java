// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.time.Duration;
import org.upwell.field.nic.GatewayClient.Answer;

/// How long to wait before the gateway is asked again: what it said itself (Max-Age of a refusal), else twice as long
/// each time. Owned by the NIC's loop.
final class Backoff {
    /// Longest Max-Age that is obeyed; a wrong one must not silence a device for days.
    private static final long MAX_AGE_LIMIT_SECONDS = 900;

    private final Duration shortest;
    private final Duration longest;
    private Duration next;

    Backoff(Duration shortest, Duration longest) {
        this.shortest = shortest;
        this.longest = longest;
        this.next = shortest;
    }

    void reset() {
        next = shortest;
    }

    Duration next(Answer answer) {
        if (answer instanceof Answer.Response response && response.maxAgeSeconds() > 0) {
            return Duration.ofSeconds(Math.min(response.maxAgeSeconds(), MAX_AGE_LIMIT_SECONDS));
        }
        Duration delay = next;
        Duration doubled = next.multipliedBy(2);
        next = doubled.compareTo(longest) > 0 ? longest : doubled;
        return delay;
    }
}
