// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance.script;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A packet as words: its type and its fields, each with one value or several in order. The form in which a script
/// names a packet, and in which a received one is shown.
final class PacketText {

    private static final Map<String, Map<String, String>> DEFAULTS = Map.of(
            "PUBLISH", Map.of("q", "0", "dup", "0", "retain", "0", "payload", ""),
            "CONNACK", Map.of("sp", "0", "rc", "00"),
            "PUBACK", Map.of("rc", "00"),
            "PUBREC", Map.of("rc", "00"),
            "PUBREL", Map.of("rc", "00"),
            "PUBCOMP", Map.of("rc", "00"),
            "DISCONNECT", Map.of("rc", "00"));

    /// Packets whose properties a script need not name in full: they tell of settings and causes.
    private static final Set<String> OPEN = Set.of("CONNACK", "DISCONNECT");

    private final String type;
    private final Map<String, List<String>> fields = new LinkedHashMap<>();

    PacketText(String type) {
        this.type = type;
    }

    /// `TYPE word word=value …`; a word alone is a flag that is 1, `x*5` in a value is five times x.
    static PacketText parse(List<String> words) {
        PacketText packet = new PacketText(words.getFirst());
        for (String word : words.subList(1, words.size())) {
            int equals = word.indexOf('=');
            if (equals < 0) {
                packet.add(word, "1");
            } else {
                packet.add(word.substring(0, equals), repeated(word.substring(equals + 1)));
            }
        }
        return packet;
    }

    private static String repeated(String value) {
        int star = value.indexOf('*');
        return star == 1 && value.length() > 2 && value.substring(2).chars().allMatch(Character::isDigit)
                ? value.substring(0, 1).repeat(Integer.parseInt(value.substring(2)))
                : value;
    }

    void add(String field, String value) {
        fields.computeIfAbsent(field, key -> new ArrayList<>()).add(value);
    }

    String type() {
        return type;
    }

    List<String> all(String field) {
        return fields.getOrDefault(field, List.of());
    }

    boolean has(String field) {
        return fields.containsKey(field);
    }

    String get(String field, String otherwise) {
        List<String> values = all(field);
        return values.isEmpty() ? otherwise : values.getFirst();
    }

    int number(String field, int otherwise) {
        return Integer.parseInt(get(field, Integer.toString(otherwise)));
    }

    Map<String, List<String>> fields() {
        return fields;
    }

    /// Whether this received packet is what a script expects; the first difference if not. Values of the form
    /// `$name` are remembered in `names`, or compared with what is remembered; `?` is any value; `!3` any but 3;
    /// `3..5` a range.
    @Nullable
    String differsFrom(PacketText expected, Map<String, String> names) {
        if (!type.equals(expected.type)) {
            return "another packet";
        }
        Map<String, String> defaults = DEFAULTS.getOrDefault(type, Map.of());
        Set<String> all = new TreeSet<>(fields.keySet());
        all.addAll(expected.fields.keySet());
        for (String field : all) {
            String absent = field.startsWith("!") ? field.substring(1) : null;
            if (absent != null) {
                if (has(absent)) {
                    return absent + " is there";
                }
                continue;
            }
            List<String> actual = fields.getOrDefault(field, List.of());
            List<String> wanted = expected.fields.get(field);
            if (wanted == null) {
                boolean ignored = WireProperty.isWord(field) && (OPEN.contains(type) || field.equals("reason"));
                if (ignored) {
                    continue;
                }
                wanted = defaults.containsKey(field) ? List.of(defaults.get(field)) : List.of();
            }
            if (!matches(wanted, actual, names)) {
                return field + " is " + actual + " and not " + wanted;
            }
        }
        return null;
    }

    private static boolean matches(List<String> wanted, List<String> actual, Map<String, String> names) {
        if (wanted.size() != actual.size()) {
            return false;
        }
        for (int i = 0; i < wanted.size(); i++) {
            if (!matches(wanted.get(i), actual.get(i), names)) {
                return false;
            }
        }
        return true;
    }

    private static boolean matches(String wanted, String actual, Map<String, String> names) {
        if (wanted.equals("?")) {
            return true;
        }
        if (isName(wanted)) {
            String known = names.putIfAbsent(wanted, actual);
            return known == null || known.equals(actual);
        }
        if (wanted.startsWith("!")) {
            return !wanted.substring(1).equals(actual);
        }
        int dots = wanted.indexOf("..");
        if (dots > 0) {
            long value = Long.parseLong(actual);
            return value >= Long.parseLong(wanted.substring(0, dots))
                    && value <= Long.parseLong(wanted.substring(dots + 2));
        }
        return wanted.equals(actual);
    }

    /// Whether a value stands for one that is received and remembered: `$name`, in small letters.
    static boolean isName(String value) {
        return value.length() > 1
                && value.startsWith("$")
                && value.substring(1).chars().allMatch(Character::isLowerCase);
    }

    @Override
    public String toString() {
        return type
                + fields.entrySet().stream()
                        .flatMap(field ->
                                field.getValue().stream().map(value -> " " + field.getKey() + "=" + shortened(value)))
                        .collect(Collectors.joining());
    }

    private static String shortened(String value) {
        return value.length() <= 60 ? value : value.substring(0, 60) + "… (" + value.length() + ")";
    }
}
