// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a run found: names with numbers, words or further reports, in order. Written as one line of JSON or as a
/// table. For one thread.
public final class LoadReport {
    private final Map<String, @Nullable Object> values = new LinkedHashMap<>();

    LoadReport text(String name, String value) {
        values.put(name, value);
        return this;
    }

    LoadReport count(String name, long value) {
        values.put(name, value);
        return this;
    }

    LoadReport flag(String name, boolean value) {
        values.put(name, value);
        return this;
    }

    /// A number that was not measured is NaN or infinite, and told as null.
    LoadReport number(String name, double value) {
        values.put(name, Double.isFinite(value) ? (Double) value : null);
        return this;
    }

    LoadReport part(String name, @Nullable LoadReport part) {
        values.put(name, part);
        return this;
    }

    /// Percentiles in microseconds of what was counted in nanoseconds.
    LoadReport latency(String name, Histogram nanos) {
        if (nanos.count() == 0) {
            return part(name, null);
        }
        return part(
                name,
                new LoadReport()
                        .number("p50", nanos.percentile(50) / 1e3)
                        .number("p90", nanos.percentile(90) / 1e3)
                        .number("p99", nanos.percentile(99) / 1e3)
                        .number("p999", nanos.percentile(99.9) / 1e3)
                        .number("max", nanos.max() / 1e3)
                        .number("mean", nanos.mean() / 1e3)
                        .count("n", nanos.count()));
    }

    /// The number under a name, `part.name` for one of a part; NaN if there is none.
    public double number(String name) {
        int dot = name.indexOf('.');
        if (dot >= 0) {
            return values.get(name.substring(0, dot)) instanceof LoadReport part
                    ? part.number(name.substring(dot + 1))
                    : Double.NaN;
        }
        return values.get(name) instanceof Number number ? number.doubleValue() : Double.NaN;
    }

    /// Whether everything that was to arrive did, once and in order, as far as the scenario and QoS promise: MQTT
    /// promises no order to the members of a shared subscription ([MQTT-4.6.0-6]).
    public boolean isClean() {
        boolean mayRepeat = number("qos") == 1;
        boolean mayOvertake = "shared".equals(values.get("topology"));
        return !(number("lost") > 0
                || (!mayOvertake && number("out_of_order") > 0)
                || number("failed") > 0
                || number("lost_connections") > 0
                || number("rejected") > 0
                || (!mayRepeat && number("duplicated") > 0));
    }

    /// One line.
    public String json() {
        StringBuilder out = new StringBuilder();
        writeJson(out);
        return out.toString();
    }

    private void writeJson(StringBuilder out) {
        String separator = "{";
        for (Map.Entry<String, @Nullable Object> each : values.entrySet()) {
            out.append(separator).append('"').append(each.getKey()).append("\":");
            Object value = each.getValue();
            switch (value) {
                case LoadReport part -> part.writeJson(out);
                case String text -> quote(text, out);
                case Double number -> out.append(plain(number));
                case null, default -> out.append(value);
            }
            separator = ",";
        }
        out.append(values.isEmpty() ? "{}" : "}");
    }

    private static void quote(String text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ') {
                out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }

    private static String plain(double number) {
        if (number == Math.rint(number) && Math.abs(number) < 1e15) {
            return Long.toString((long) number);
        }
        return String.format(Locale.ROOT, Math.abs(number) >= 100 ? "%.1f" : "%.4f", number);
    }

    /// Names and values in two columns, for a person.
    public List<String> table() {
        List<String> lines = new ArrayList<>();
        int width = values.keySet().stream().mapToInt(String::length).max().orElse(0);
        for (Map.Entry<String, @Nullable Object> each : values.entrySet()) {
            lines.add(String.format(Locale.ROOT, "%-" + width + "s  %s", each.getKey(), cell(each.getValue())));
        }
        return lines;
    }

    private static String cell(@Nullable Object value) {
        return switch (value) {
            case null -> "-";
            case Double number -> readable(number);
            case Long number -> String.format(Locale.ROOT, "%,d", number);
            case LoadReport part -> {
                StringBuilder row = new StringBuilder();
                part.values.forEach((name, inner) -> row.append(row.isEmpty() ? "" : "  ")
                        .append(name)
                        .append(' ')
                        .append(cell(inner)));
                yield row.toString();
            }
            default -> value.toString();
        };
    }

    private static String readable(double number) {
        return String.format(Locale.ROOT, Math.abs(number) >= 1000 ? "%,.0f" : "%,.2f", number);
    }
}
