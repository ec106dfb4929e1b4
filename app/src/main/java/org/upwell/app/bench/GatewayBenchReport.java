// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.upwell.field.mesh.DeliveryLedger;
import tools.jackson.databind.json.JsonMapper;

/// What [GatewayBench] found.
///
/// @param up notifications, null if none were measured
/// @param down requests, likewise
/// @param balance of the notifications in all, warm-up included: made by NICs, delivered to the subscriber
/// @param unacknowledged given up by their NICs, or not acknowledged to them at the end
public record GatewayBenchReport(
        GatewayBench.Settings settings,
        @Nullable Part up,
        @Nullable Requests down,
        DeliveryLedger.Balance balance,
        long unacknowledged) {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    /// @param count that came to their end well in the time
    /// @param perSecond of the good ones
    /// @param microsEach processor time for each of the good ones, by part of the process
    public record Part(long count, double perSecond, Delays delays, Map<ThreadTimes.Part, Double> microsEach) {}

    /// @param failed refused, or not answered
    public record Requests(Part answered, long failed) {}

    /// In milliseconds.
    public record Delays(double p50, double p99, double max) {}

    /// Whether nothing failed and, where the QoS forbids it, nothing was lost or came twice.
    public boolean isClean() {
        boolean asPromised = switch (settings.qos()) {
            case AT_MOST_ONCE -> balance.duplicated() == 0;
            case AT_LEAST_ONCE -> missing() == 0;
            case EXACTLY_ONCE -> missing() == 0 && balance.duplicated() == 0;
        };
        return asPromised && balance.strange() == 0 && unacknowledged == 0 && (down == null || down.failed == 0);
    }

    private long missing() {
        return balance.made() - balance.delivered();
    }

    public List<String> table() {
        List<String> lines = new ArrayList<>();
        lines.add(settings.devices() + " NICs, " + settings.qos() + ", durability sync, all in one process");
        if (up != null) {
            lines.addAll(lines("notifications", "", "from NIC to its acknowledgement, to within 10 ms", up));
            lines.add(String.format(
                    Locale.ROOT,
                    "  made %d, delivered %d, lost %d, duplicated %d, unacknowledged %d",
                    balance.made(),
                    balance.delivered(),
                    missing(),
                    balance.duplicated(),
                    unacknowledged));
        }
        if (down != null) {
            String failed = ", " + down.failed + " failed";
            lines.addAll(lines("proxied GETs", failed, "from application to device and back", down.answered));
        }
        return lines;
    }

    private static List<String> lines(String what, String more, String way, Part part) {
        StringBuilder times = new StringBuilder();
        part.microsEach.forEach(
                (whose, micros) -> times.append(String.format(Locale.ROOT, ", %s %.1f", words(whose), micros)));
        double sum = part.microsEach.values().stream()
                .mapToDouble(Double::doubleValue)
                .sum();
        return List.of(
                String.format(Locale.ROOT, "%s: %d, %.0f a second%s", what, part.count, part.perSecond, more),
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
            Map<String, Object> gets = json(down.answered);
            gets.put("failed", down.failed);
            all.put("gets", gets);
        }
        all.put("made", balance.made());
        all.put("delivered", balance.delivered());
        all.put("lost", missing());
        all.put("duplicated", balance.duplicated());
        all.put("unacknowledged", unacknowledged);
        return JSON.writeValueAsString(all);
    }

    private static Map<String, Object> json(Part part) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("count", part.count);
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
