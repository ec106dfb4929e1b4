// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.upwell.access.file.Faults;
import org.upwell.access.file.Node;

/// One mapping of the file while it is read onto a record. Each accessor names a key, its default and its bounds; a
/// bad value becomes a fault and the default is used in its place, so that reading goes on to the next fault. Keys
/// that no accessor asked for are unknown. One use, one thread.
final class Section {
    private static final Pattern SIZE = Pattern.compile("(\\d{1,15})(KB|MB|GB|TB|)");
    private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h|d)");

    private final String path;
    private final Node.Mapping mapping;
    private final Faults faults;
    private final Set<String> known = new LinkedHashSet<>();

    Section(String path, Node.Mapping mapping, Faults faults) {
        this.path = path;
        this.mapping = mapping;
        this.faults = faults;
    }

    boolean has(String key) {
        known.add(key);
        return mapping.entries().containsKey(key);
    }

    Optional<String> text(String key) {
        return scalar(key).map(Node.Scalar::text);
    }

    String text(String key, String fallback) {
        return text(key).orElse(fallback);
    }

    /// A text that must be there.
    String requiredText(String key) {
        if (!has(key)) {
            faults.add(mapping.line(), "'" + name(key) + "' is missing");
        }
        return text(key, "");
    }

    Optional<Path> path(String key) {
        return text(key).map(Path::of);
    }

    int integer(String key, int fallback, int min, int max) {
        Optional<Node.Scalar> scalar = scalar(key);
        if (scalar.isEmpty()) {
            return fallback;
        }
        String digits = scalar.get().text().replace("_", "");
        try {
            int value = Integer.parseInt(digits);
            if (value >= min && value <= max) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Reported below in the same words as a number out of bounds.
        }
        bad(key, scalar.get(), "a whole number from " + min + " to " + max);
        return fallback;
    }

    boolean flag(String key, boolean fallback) {
        Optional<Node.Scalar> scalar = scalar(key);
        if (scalar.isEmpty()) {
            return fallback;
        }
        String text = scalar.get().text();
        if (!text.equals("true") && !text.equals("false")) {
            bad(key, scalar.get(), "true or false");
        }
        return text.equals("true");
    }

    /// A length of time such as `500ms`, `30s`, `2m`, `4h` or `7d`.
    Duration duration(String key, Duration fallback, Duration max) {
        return parsed(key, text -> duration(text, max)).orElse(fallback);
    }

    private static Duration duration(String text, Duration max) {
        Matcher matcher = DURATION.matcher(text);
        if (matcher.matches()) {
            long number = Long.parseLong(matcher.group(1));
            Duration value = switch (matcher.group(2)) {
                case "ms" -> Duration.ofMillis(number);
                case "s" -> Duration.ofSeconds(number);
                case "m" -> Duration.ofMinutes(number);
                case "h" -> Duration.ofHours(number);
                default -> Duration.ofDays(number);
            };
            if (value.compareTo(max) <= 0) {
                return value;
            }
        }
        throw new IllegalArgumentException("a time such as 500ms, 30s or 2m, at most " + longest(max));
    }

    private static String longest(Duration max) {
        return max.toDays() > 1 ? max.toDays() + "d" : max.toMinutes() + "m";
    }

    /// A number of bytes such as `4096`, `64MB` or `10GB`; units are powers of 1,024.
    long size(String key, long fallback, long min, long max) {
        return parsed(key, text -> size(text, min, max)).orElse(fallback);
    }

    private static long size(String text, long min, long max) {
        Matcher matcher = SIZE.matcher(text);
        if (matcher.matches()) {
            int shift = switch (matcher.group(2)) {
                case "KB" -> 10;
                case "MB" -> 20;
                case "GB" -> 30;
                case "TB" -> 40;
                default -> 0;
            };
            long units = Long.parseLong(matcher.group(1));
            // Compared in units, lest a large number overflow.
            if (units <= max >> shift && units << shift >= min) {
                return units << shift;
            }
        }
        throw new IllegalArgumentException("a size such as 4096, 64MB or 10GB, from " + min + " to " + max + " bytes");
    }

    /// Port 0 stands for any free port.
    int port(String key, int fallback) {
        return integer(key, fallback, 0, 65_535);
    }

    /// An address written out: names would make the start depend on a name server.
    InetAddress address(String key, InetAddress fallback) {
        Optional<Node.Scalar> scalar = scalar(key);
        if (scalar.isEmpty()) {
            return fallback;
        }
        String text = scalar.get().text();
        try {
            return text.equals("localhost") ? InetAddress.ofLiteral("127.0.0.1") : InetAddress.ofLiteral(text);
        } catch (IllegalArgumentException e) {
            bad(key, scalar.get(), "an IPv4 or IPv6 address, or localhost");
            return fallback;
        }
    }

    <E extends Enum<E>> E choice(String key, E fallback, Function<E, String> spelling) {
        Optional<Node.Scalar> scalar = scalar(key);
        if (scalar.isEmpty()) {
            return fallback;
        }
        E[] all = fallback.getDeclaringClass().getEnumConstants();
        for (E each : all) {
            if (spelling.apply(each).equals(scalar.get().text())) {
                return each;
            }
        }
        bad(key, scalar.get(), "one of " + Arrays.stream(all).map(spelling).collect(Collectors.joining(", ")));
        return fallback;
    }

    /// Reads a value of a form of its own; `parse` throws `IllegalArgumentException` with what it expects.
    <T> Optional<T> parsed(String key, Function<String, T> parse) {
        return scalar(key).flatMap(scalar -> parsed(key, scalar, parse));
    }

    /// Reads a list of values of a form of their own.
    <T> List<T> parsedList(String key, Function<String, T> parse) {
        List<T> values = new ArrayList<>();
        for (Node item : items(key)) {
            if (item instanceof Node.Scalar scalar) {
                parsed(key, scalar, parse).ifPresent(values::add);
            } else {
                bad(key, item, "a list of plain values");
            }
        }
        return values;
    }

    private <T> Optional<T> parsed(String key, Node.Scalar scalar, Function<String, T> parse) {
        try {
            return Optional.of(parse.apply(scalar.text()));
        } catch (IllegalArgumentException e) {
            bad(key, scalar, String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    /// The mapping under a key; an empty one if the key is absent, so that defaults apply.
    Section section(String key) {
        known.add(key);
        Node.Entry entry = mapping.entries().get(key);
        if (entry == null || isNothing(entry.value())) {
            int line = entry == null ? mapping.line() : entry.line();
            return new Section(name(key), new Node.Mapping(Map.of(), line), faults);
        }
        return child(name(key), entry.value());
    }

    /// The mappings in the list under a key.
    List<Section> sections(String key) {
        List<Section> sections = new ArrayList<>();
        int index = 0;
        for (Node item : items(key)) {
            sections.add(child(name(key) + "[" + index++ + "]", item));
        }
        return sections;
    }

    private Section child(String childPath, Node node) {
        if (node instanceof Node.Mapping childMapping) {
            return new Section(childPath, childMapping, faults);
        }
        faults.add(node.line(), "'" + childPath + "' must be a mapping of keys to values, not " + node.shown());
        return new Section(childPath, new Node.Mapping(Map.of(), node.line()), faults);
    }

    private List<Node> items(String key) {
        known.add(key);
        Node.Entry entry = mapping.entries().get(key);
        if (entry == null) {
            return List.of();
        }
        if (entry.value() instanceof Node.Sequence sequence) {
            return sequence.items();
        }
        bad(key, entry.value(), "a list");
        return List.of();
    }

    private Optional<Node.Scalar> scalar(String key) {
        known.add(key);
        Node.Entry entry = mapping.entries().get(key);
        if (entry == null) {
            return Optional.empty();
        }
        if (entry.value() instanceof Node.Scalar scalar
                && !isNothing(scalar)
                && !scalar.text().isBlank()) {
            return Optional.of(scalar);
        }
        bad(key, entry.value(), "a value");
        return Optional.empty();
    }

    private static boolean isNothing(Node node) {
        return node instanceof Node.Scalar scalar && scalar.type() == Node.Type.NOTHING;
    }

    private void bad(String key, Node found, String expected) {
        faults.add(found.line(), "'" + name(key) + "' must be " + expected + ", not " + found.shown());
    }

    /// A fault at the key's line, or at the section's if the key is absent.
    void fault(String key, String message) {
        Node.Entry entry = mapping.entries().get(key);
        int line = entry == null ? mapping.line() : entry.line();
        faults.add(line, "'" + name(key) + "' " + message);
    }

    /// To be called when every key was asked for.
    void refuseUnknownKeys() {
        mapping.entries().forEach((key, entry) -> {
            if (!known.contains(key)) {
                faults.add(
                        entry.line(), "unknown key '" + name(key) + "' (known here: " + String.join(", ", known) + ")");
            }
        });
    }

    private String name(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }
}
