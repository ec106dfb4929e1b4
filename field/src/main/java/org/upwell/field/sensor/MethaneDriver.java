// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.sensor;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;

/// Type `ncmth1`: a methane detector that is silent until the level passes its threshold, and speaks again when it
/// falls back. Data: comma-separated tokens `<epoch s>,<ppm, 1 decimal>,<threshold ppm, 1 decimal>,<ALARM or
/// NORMAL>,<count>`, where the count of pushes tells two alarms of one second apart. `?cfg=<ppm>` sets the threshold.
public final class MethaneDriver implements SensorDriver {
    private static final double BACKGROUND_PPM = 2.0;
    private static final double DEFAULT_THRESHOLD_PPM = 5_000;
    private static final double MAX_THRESHOLD_PPM = 1_000_000;
    /// The level must fall to this share of the threshold before the alarm ends.
    private static final double HYSTERESIS = 0.9;

    private final Duration period;
    private double thresholdPpm = DEFAULT_THRESHOLD_PPM;
    private double levelPpm = BACKGROUND_PPM;
    private boolean alarm;
    private long pushes;
    private Runnable push = () -> {};

    public MethaneDriver() {
        this(Duration.ZERO);
    }

    /// @param period of readings between alarms; zero for none
    public MethaneDriver(Duration period) {
        this.period = period;
    }

    @Override
    public String type() {
        return "ncmth1";
    }

    @Override
    public Duration period() {
        return period;
    }

    @Override
    public void attach(Runnable push) {
        this.push = push;
    }

    /// A new measurement; tells observers when the alarm begins or ends.
    public void measure(double ppm) {
        levelPpm = ppm;
        boolean now = alarm ? ppm > thresholdPpm * HYSTERESIS : ppm >= thresholdPpm;
        if (now != alarm) {
            alarm = now;
            tell();
        }
    }

    /// Raises an alarm, or repeats the one that stands.
    public void raise() {
        if (alarm) {
            tell();
        } else {
            measure(thresholdPpm * 2);
        }
    }

    /// Tells observers of the present level, whatever it is.
    public void tell() {
        pushes++;
        push.run();
    }

    @Override
    public byte[] read(long epochSeconds) {
        return new MethaneReading(epochSeconds, levelPpm, thresholdPpm, alarm, pushes).encode();
    }

    @Override
    public byte[] configuration(long epochSeconds) {
        return ascii(String.format(Locale.ROOT, "%d,%.1f", epochSeconds, thresholdPpm));
    }

    @Override
    public Verdict configure(String value) {
        double ppm;
        try {
            ppm = Double.parseDouble(value);
        } catch (NumberFormatException _) {
            return Verdict.BAD_VALUE;
        }
        if (!(ppm > 0 && ppm <= MAX_THRESHOLD_PPM)) {
            return Verdict.BAD_VALUE;
        }
        thresholdPpm = ppm;
        measure(levelPpm);
        return Verdict.ACCEPTED;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
