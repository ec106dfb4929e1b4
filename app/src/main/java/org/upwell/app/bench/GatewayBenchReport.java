// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/// What [GatewayBench] found.
///
/// @param up notifications, null if none were measured
/// @param down requests, likewise
/// @param made notifications in all, warm-up included
/// @param delivered of those to the subscriber
/// @param lost given up by their NICs, or not acknowledged to them at the end
public record GatewayBenchReport(
        GatewayBench.Settings settings,
        @Nullable Part up,
        @Nullable Part down,
        long made,
        long delivered,
        long lost) {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    /// @param count that came to their end well in the time
    /// @param failed that did not
    /// @param perSecond of the good ones
    /// @param microsEach processor time for each of the good ones, by part of the process
    public record Part(
            long count, long failed, double perSecond, Delays delays, Map<ThreadTimes.Part, Double> microsEach) {}

    /// In milliseconds.
    public record Delays(double p50, double p99, double max) {}

    /// Whether nothing failed and, where the QoS forbids it, nothing was lost or came twice.
    public boolean isClean() {
        boolean asPromised = switch (settings.qos()) {
            case AT_MOST_ONCE -> delivered <= made;
            case AT_LEAST_ONCE -> delivered >= made;
            case EXACTLY_ONCE -> delivered == made;
        };
        return asPromised && lost == 0 && (up == null || up.failed == 0) && (down == null || down.failed == 0);
    }

    public List<String> table() {
        List<String> lines = new ArrayList<>();
        lines.add(settings.devices() + " NICs, " + settings.qos() + ", durability sync, all in one process");
        if (up != null) {
            lines.addAll(lines("notifications", "from NIC to its acknowledgement, to within 10 ms", up));
            lines.add(String.format(Locale.ROOT, "  made %d, delivered %d, lost %d", made, delivered, lost));
        }
        if (down != null) {
            lines.addAll(lines("proxied GETs", "from application to device and back", down));
        }
        return lines;
    }

    private static List<String> lines(String what, String way, Part part) {
        StringBuilder times = new StringBuilder();
        part.microsEach.forEach(
                (whose, micros) -> times.append(String.format(Locale.ROOT, ", %s %.1f", words(whose), micros)));
        double sum = part.microsEach.values().stream()
                .mapToDouble(Double::doubleValue)
                .sum();
        return List.of(
                String.format(
                        Locale.ROOT, "%s: %d, %.0f a second, %d failed", what, part.count, part.perSecond, part.failed),
                String.format(
                        Locale.ROOT,
                        "  %s: p50 %.1f ms, p99 %.1f ms, max %.1f ms",
                        way,
                        part.delays.p50,
                        part.delays.p99,
                        part.delays.max),
                String.format(Locale.ROOT, "  processor time of each: %.1f us%s", sum, times));
    }

    private static String words(ThreadTimes.Part part) {
        return part.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    /// The same as one line.
    public String json() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("devices", settings.devices());
        all.put("qos", settings.qos().name());
        all.put("seconds", settings.seconds());
        if (up != null) {
            all.put("notifications", json(up));
        }
        if (down != null) {
            all.put("gets", json(down));
        }
        all.put("made", made);
        all.put("delivered", delivered);
        all.put("lost", lost);
        return JSON.writeValueAsString(all);
    }

    private static Map<String, Object> json(Part part) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("count", part.count);
        all.put("failed", part.failed);
        all.put("per_second", part.perSecond);
        all.put("p50_ms", part.delays.p50);
        all.put("p99_ms", part.delays.p99);
        all.put("max_ms", part.delays.max);
        Map<String, Object> micros = new LinkedHashMap<>();
        part.microsEach.forEach((whose, each) -> micros.put(words(whose).replace(' ', '_'), each));
        all.put("cpu_us_each", micros);
        return all;
    }
}
