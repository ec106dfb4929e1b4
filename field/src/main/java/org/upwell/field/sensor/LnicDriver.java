// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.sensor;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/// Type `lnic`: a line monitor that tells its state as one binary [LnicRecord]: seconds since its start and readings
/// told so far. Its tags are of this reference, since nothing public fixes any. `?cfg=<0 to 255>` sets the record type.
public final class LnicDriver implements SensorDriver {
    /// Seconds since the first reading, u32.
    public static final int UPTIME = 1;
    /// Readings made, this one included, u32.
    public static final int READINGS = 2;

    private final Duration period;
    private int recordType = 1;
    private long firstEpochSeconds = -1;
    private long sequence;

    public LnicDriver(Duration period) {
        this.period = period;
    }

    @Override
    public String type() {
        return "lnic";
    }

    @Override
    public Duration period() {
        return period;
    }

    @Override
    public boolean isBinary() {
        return true;
    }

    @Override
    public byte[] read(long epochSeconds) {
        if (firstEpochSeconds < 0 || firstEpochSeconds > epochSeconds) {
            firstEpochSeconds = epochSeconds;
        }
        sequence++;
        return LnicRecord.encode(List.of(new LnicRecord(
                epochSeconds,
                sequence,
                recordType,
                List.of(
                        LnicRecord.Field.uint32(UPTIME, epochSeconds - firstEpochSeconds),
                        LnicRecord.Field.uint32(READINGS, sequence)))));
    }

    @Override
    public byte[] configuration(long epochSeconds) {
        return (epochSeconds + "," + recordType).getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public Verdict configure(String value) {
        if (!value.matches("\\d{1,3}") || Integer.parseInt(value) > 0xFF) {
            return Verdict.BAD_VALUE;
        }
        recordType = Integer.parseInt(value);
        return Verdict.ACCEPTED;
    }
}
