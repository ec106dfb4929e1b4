// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.sensor;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The data of type `ncmth1` as [MethaneDriver] writes them: `<epoch s>,<ppm>,<threshold ppm>,<ALARM or
/// NORMAL>,<count>`, the levels with one decimal.
///
/// @param pushes tells two alarms of one second apart
public record MethaneReading(long epochSeconds, double ppm, double thresholdPpm, boolean alarm, long pushes) {
    private static final Pattern FORM =
            Pattern.compile("(\\d{1,10}),(\\d{1,7}\\.\\d),(\\d{1,7}\\.\\d),(ALARM|NORMAL),(\\d{1,18})");

    public byte[] encode() {
        String state = alarm ? "ALARM" : "NORMAL";
        return String.format(Locale.ROOT, "%d,%.1f,%.1f,%s,%d", epochSeconds, ppm, thresholdPpm, state, pushes)
                .getBytes(StandardCharsets.US_ASCII);
    }

    /// Empty when the data are of another form.
    public static Optional<MethaneReading> decode(byte[] data) {
        Matcher matcher = FORM.matcher(new String(data, StandardCharsets.ISO_8859_1));
        return matcher.matches()
                ? Optional.of(new MethaneReading(
                        Long.parseLong(matcher.group(1)),
                        Double.parseDouble(matcher.group(2)),
                        Double.parseDouble(matcher.group(3)),
                        matcher.group(4).equals("ALARM"),
                        Long.parseLong(matcher.group(5))))
                : Optional.empty();
    }
}
