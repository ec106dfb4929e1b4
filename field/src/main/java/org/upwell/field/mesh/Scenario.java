// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

import java.time.Duration;
import java.util.List;

/// What a field lives through. The same scenario on the same devices does the same to each of them; only the
/// moments depend on the machine.
///
/// @param curve readings in each hour of the day, compared with the even rate; empty for an even day. 24 numbers.
/// @param day how long a day lasts, from the start of the field
/// @param sleeping share of NICs whose radio is off between their wake-ups
/// @param wakeEvery between two wake-ups of a sleeping NIC
/// @param ownWan share of NICs that reach the gateway by themselves, without mesh or access point
public record Scenario(
        long seed,
        Air air,
        List<Double> curve,
        Duration day,
        double sleeping,
        Duration wakeEvery,
        double ownWan,
        List<Weather> weather) {
    private static final int HOURS = 24;
    /// Of the even rate; else a device might not speak for a day.
    private static final double LEAST_RATE = 0.01;

    public Scenario {
        curve = List.copyOf(curve);
        weather = List.copyOf(weather);
        Air.checkShare("sleeping", sleeping);
        Air.checkShare("own-wan", ownWan);
        if (!curve.isEmpty() && curve.size() != HOURS) {
            throw new IllegalArgumentException("a daily curve has 24 numbers, not " + curve.size());
        }
        if (curve.stream().anyMatch(rate -> !(rate >= 0 && rate <= 100))) {
            throw new IllegalArgumentException("the numbers of a daily curve go from 0 to 100");
        }
        if (day.toMillis() < HOURS) {
            throw new IllegalArgumentException("a day must last longer");
        }
        if (wakeEvery.toMillis() < 100) {
            throw new IllegalArgumentException("sleeping NICs wake every tenth of a second at most");
        }
    }

    /// Nothing happens.
    public static Scenario calm(long seed) {
        return new Scenario(seed, Air.CLEAR, List.of(), Duration.ofHours(24), 0, Duration.ofSeconds(30), 0, List.of());
    }

    public Scenario withAir(Air other) {
        return new Scenario(seed, other, curve, day, sleeping, wakeEvery, ownWan, weather);
    }

    public Scenario withSleeping(double share, Duration every) {
        return new Scenario(seed, air, curve, day, share, every, ownWan, weather);
    }

    public Scenario withOwnWan(double share) {
        return new Scenario(seed, air, curve, day, sleeping, wakeEvery, share, weather);
    }

    public Scenario withCurve(List<Double> rates, Duration length) {
        return new Scenario(seed, air, rates, length, sleeping, wakeEvery, ownWan, weather);
    }

    public Scenario withWeather(List<Weather> events) {
        return new Scenario(seed, air, curve, day, sleeping, wakeEvery, ownWan, events);
    }

    /// Readings at this moment, compared with the even rate.
    double rate(long millisSinceStart) {
        if (curve.isEmpty()) {
            return 1;
        }
        long dayMillis = day.toMillis();
        int hour = (int) (millisSinceStart % dayMillis * HOURS / dayMillis);
        return Math.max(LEAST_RATE, curve.get(hour));
    }
}
