// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.sensor;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The data of type `temp`: `<epoch s>,<value, 2 decimals>,<C or F>`, for example `1540584982,72.50,F`.
///
/// @param unit `C` or `F`
public record TemperatureReading(long epochSeconds, double value, char unit) {
    private static final Pattern FORM = Pattern.compile("(\\d{1,10}),(-?\\d{1,6}\\.\\d{2}),([CF])");

    public TemperatureReading {
        if (unit != 'C' && unit != 'F') {
            throw new IllegalArgumentException("the unit is C or F, not " + unit);
        }
    }

    public byte[] encode() {
        return String.format(Locale.ROOT, "%d,%.2f,%s", epochSeconds, value, unit)
                .getBytes(StandardCharsets.US_ASCII);
    }

    /// Empty when the data are of another form.
    public static Optional<TemperatureReading> decode(byte[] data) {
        Matcher matcher = FORM.matcher(new String(data, StandardCharsets.ISO_8859_1));
        return matcher.matches()
                ? Optional.of(new TemperatureReading(
                        Long.parseLong(matcher.group(1)),
                        Double.parseDouble(matcher.group(2)),
                        matcher.group(3).charAt(0)))
                : Optional.empty();
    }

    public double celsius() {
        return unit == 'C' ? value : (value - 32) * 5 / 9;
    }
}
