// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import java.time.Duration;

/// How to come back after a connection was lost: the delay grows from `minDelay` by doubling up to `maxDelay`, each
/// time shortened at random by up to half, so that many clients do not return at once.
///
/// With `alsoFirst`, an attempt to connect that fails at the very beginning is repeated too; else it fails
/// [MqttClient#connect] and is the caller's to judge.
public record Reconnect(Duration minDelay, Duration maxDelay, boolean alsoFirst) {

    public static final Reconnect DEFAULT = new Reconnect(Duration.ofMillis(500), Duration.ofSeconds(30), false);

    public Reconnect {
        if (minDelay.isNegative() || minDelay.isZero() || maxDelay.compareTo(minDelay) < 0) {
            throw new IllegalArgumentException("delays from " + minDelay + " to " + maxDelay);
        }
    }

    public Reconnect withFirst() {
        return new Reconnect(minDelay, maxDelay, true);
    }
}
