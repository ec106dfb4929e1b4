// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.sensor;

import java.nio.charset.StandardCharsets;
import java.time.Duration;

/// Type `temp`: an outdoor temperature that follows the day, warmest in the afternoon, with the slow drift of a place
/// of its own. Data: `<epoch s>,<value, 2 decimals>,<C or F>`.
public final class TemperatureDriver implements SensorDriver {
    private static final double DAY_SECONDS = 86_400;
    private static final double WARMEST_SECOND = 15 * 3_600;
    private static final double MEAN_CELSIUS = 14;
    private static final double SWING_CELSIUS = 7;
    private static final double RIPPLE_CELSIUS = 0.4;
    private static final double RIPPLE_SECONDS = 1_140;

    private final Duration period;
    private final double offsetCelsius;
    private final double ripplePhase;
    private boolean fahrenheit = true;

    /// @param place tells places apart: each has its own offset
    public TemperatureDriver(Duration period, long place) {
        this.period = period;
        long mixed = place * 0x9E3779B97F4A7C15L;
        this.offsetCelsius = ((mixed >>> 40) % 800) / 100.0 - 4;
        this.ripplePhase = ((mixed >>> 16) & 0xFFFF) / 65_536.0;
    }

    @Override
    public String type() {
        return "temp";
    }

    @Override
    public Duration period() {
        return period;
    }

    @Override
    public byte[] read(long epochSeconds) {
        double celsius = celsius(epochSeconds);
        double value = fahrenheit ? celsius * 9 / 5 + 32 : celsius;
        return new TemperatureReading(epochSeconds, value, unit()).encode();
    }

    @Override
    public byte[] configuration(long epochSeconds) {
        return ascii(epochSeconds + "," + unit());
    }

    @Override
    public Verdict configure(String value) {
        switch (value) {
            case "F" -> fahrenheit = true;
            case "C" -> fahrenheit = false;
            default -> {
                return Verdict.UNKNOWN_SETTING;
            }
        }
        return Verdict.ACCEPTED;
    }

    private double celsius(long epochSeconds) {
        double day = Math.cos(2 * Math.PI * (epochSeconds % DAY_SECONDS - WARMEST_SECOND) / DAY_SECONDS);
        double ripple = Math.sin(2 * Math.PI * (epochSeconds / RIPPLE_SECONDS + ripplePhase));
        return MEAN_CELSIUS + offsetCelsius + SWING_CELSIUS * day + RIPPLE_CELSIUS * ripple;
    }

    private char unit() {
        return fahrenheit ? 'F' : 'C';
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
