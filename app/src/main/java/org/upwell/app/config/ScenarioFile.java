// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.upwell.access.file.Documents;
import org.upwell.access.file.Fault;
import org.upwell.access.file.Faults;
import org.upwell.access.file.Node;
import org.upwell.field.mesh.Air;
import org.upwell.field.mesh.Scenario;
import org.upwell.field.mesh.Weather;

/// Reads what a simulated field of so many access points is to live through. All faults are told at once, each with
/// its line.
public final class ScenarioFile {
    private static final Duration LONGEST = Duration.ofDays(30);
    private static final Pattern SHARE = Pattern.compile("(\\d{1,3}(?:\\.\\d{1,6})?)(%?)");
    private static final Pattern RANGE = Pattern.compile("(\\d{1,7})(?:-(\\d{1,7}))?");

    private final int accessPoints;

    private ScenarioFile(int accessPoints) {
        this.accessPoints = accessPoints;
    }

    /// @param accessPoints of the field
    /// @throws InvalidConfigException with all faults
    /// @throws IOException if the file cannot be read
    public static Scenario load(Path file, int accessPoints) throws InvalidConfigException, IOException {
        try {
            return parse(file, Files.readString(file), accessPoints);
        } catch (CharacterCodingException e) {
            throw new InvalidConfigException(List.of(new Fault(file, 1, "not UTF-8 text")));
        }
    }

    static Scenario parse(Path file, String text, int accessPoints) throws InvalidConfigException {
        Faults faults = new Faults(file);
        Node.Mapping root = Documents.yaml(text.getBytes(StandardCharsets.UTF_8), faults);
        if (root.entries().isEmpty() && !faults.isEmpty()) {
            throw new InvalidConfigException(faults.all());
        }
        Scenario scenario = new ScenarioFile(accessPoints).read(new Section("", root, faults));
        if (!faults.isEmpty()) {
            throw new InvalidConfigException(faults.all());
        }
        return scenario;
    }

    private Scenario read(Section root) {
        Scenario calm = Scenario.calm(root.integer("seed", 1, 0, Integer.MAX_VALUE));
        Air air = air(root.section("air"));
        List<Double> curve = root.parsedList("daily-curve", ScenarioFile::rate);
        Duration day = atLeast(root, "day", calm.day(), Duration.ofMillis(24));
        double sleeping = share(root, "sleeping", 0);
        Duration wakeEvery = atLeast(root, "wake-every", calm.wakeEvery(), Duration.ofMillis(100));
        double ownWan = share(root, "own-wan", 0);
        List<Weather> weather = new ArrayList<>();
        for (Section event : root.sections("weather")) {
            weather(event).ifPresent(weather::add);
            event.refuseUnknownKeys();
        }
        root.refuseUnknownKeys();
        return checked(
                        root,
                        "daily-curve",
                        () -> new Scenario(
                                calm.seed(), air, curve, day, sleeping, wakeEvery, ownWan, List.copyOf(weather)))
                .orElse(calm);
    }

    private static Duration atLeast(Section section, String key, Duration fallback, Duration least) {
        Duration value = section.duration(key, fallback, LONGEST);
        if (value.compareTo(least) < 0) {
            section.fault(key, "must be " + least.toMillis() + "ms at least");
            return fallback;
        }
        return value;
    }

    private static Air air(Section section) {
        int[] hops = section.parsed("hops", ScenarioFile::range).orElse(new int[] {1, 1});
        Duration perHop = section.duration("delay-per-hop", Duration.ZERO, Duration.ofMinutes(1));
        double loss = share(section, "loss", 0);
        double duplicates = share(section, "duplicates", 0);
        double reorders = share(section, "reorders", 0);
        section.refuseUnknownKeys();
        return checked(section, "hops", () -> new Air(hops[0], hops[1], perHop, loss, duplicates, reorders))
                .orElse(Air.CLEAR);
    }

    private Optional<Weather> weather(Section event) {
        Duration at = event.duration("at", Duration.ZERO, LONGEST);
        String kind = event.requiredText("what");
        return switch (kind) {
            case "address-changes" -> {
                Duration over = event.duration("over", Duration.ZERO, LONGEST);
                double share = share(event, "share", 1);
                yield Optional.of(new Weather.AddressChanges(at, over, share));
            }
            case "access-point-outage" -> {
                int[] points = accessPoints(event);
                Duration lasting = lasting(event);
                yield checked(event, "what", () -> new Weather.AccessPointOutage(at, lasting, points[0], points[1]));
            }
            case "power-failure" -> {
                int[] points = accessPoints(event);
                Duration lasting = lasting(event);
                Duration gasp = event.duration("last-gasp", Weather.PowerFailure.DEFAULT_LAST_GASP, LONGEST);
                yield checked(event, "for", () -> new Weather.PowerFailure(at, lasting, gasp, points[0], points[1]));
            }
            case "repeats", "garbage", "restarts" -> {
                Weather.Misbehaviour.Kind which = Weather.Misbehaviour.Kind.valueOf(kind.toUpperCase(Locale.ROOT));
                Duration lasting = lasting(event);
                double share = share(event, "share", 1);
                yield Optional.of(new Weather.Misbehaviour(at, lasting, which, share));
            }
            default -> {
                event.fault(
                        "what",
                        "must be address-changes, access-point-outage, power-failure, repeats, garbage or restarts");
                yield Optional.empty();
            }
        };
    }

    private static Duration lasting(Section event) {
        if (!event.has("for")) {
            event.fault("for", "is missing");
        }
        return event.duration("for", Duration.ofMinutes(1), LONGEST);
    }

    /// Access points are counted from 0.
    private int[] accessPoints(Section event) {
        int last = accessPoints - 1;
        int[] all = {0, last};
        int[] points = event.parsed("access-points", ScenarioFile::range).orElse(all);
        if (points[1] > last) {
            String range = last == 0
                    ? "0, the field has one access point"
                    : "within 0-" + last + ", the field has " + accessPoints + " access points";
            event.fault("access-points", "must be " + range);
            return all;
        }
        return points;
    }

    private static <T> Optional<T> checked(Section section, String key, Supplier<T> made) {
        try {
            return Optional.of(made.get());
        } catch (IllegalArgumentException e) {
            section.fault(key, "is refused: " + e.getMessage());
            return Optional.empty();
        }
    }

    private static double share(Section section, String key, double fallback) {
        return section.parsed(key, ScenarioFile::share).orElse(fallback);
    }

    private static double share(String text) {
        Matcher matcher = SHARE.matcher(text);
        if (matcher.matches()) {
            double value =
                    Double.parseDouble(matcher.group(1)) / (matcher.group(2).isEmpty() ? 1 : 100);
            if (value <= 1) {
                return value;
            }
        }
        throw new IllegalArgumentException("a share such as 0.05 or 5%");
    }

    private static double rate(String text) {
        try {
            double rate = Double.parseDouble(text);
            if (rate >= 0 && rate <= 100) {
                return rate;
            }
        } catch (NumberFormatException _) {
            // Told below.
        }
        throw new IllegalArgumentException("24 numbers from 0 to 100, 1 for the even rate");
    }

    private static int[] range(String text) {
        Matcher matcher = RANGE.matcher(text);
        if (matcher.matches()) {
            int first = Integer.parseInt(matcher.group(1));
            int last = matcher.group(2) == null ? first : Integer.parseInt(matcher.group(2));
            if (first <= last) {
                return new int[] {first, last};
            }
        }
        throw new IllegalArgumentException("a number or a range such as 3 or 1-4");
    }
}
