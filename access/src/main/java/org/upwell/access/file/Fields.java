// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.file;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.upwell.access.Printable;

/// Takes the fields of one mapping by name, and knows in the end which ones nobody asked for. Each fault is
/// reported where it stands and replaced by a harmless value, so that reading goes on and finds the next. Owned by
/// the thread that reads.
public final class Fields {

    private final Node.Mapping mapping;
    private final String what;
    private final Faults faults;
    private final Set<String> known = new LinkedHashSet<>();

    /// @param what the mapping's name in messages, such as `user 'bob'`
    public Fields(Node.Mapping mapping, String what, Faults faults) {
        this.mapping = mapping;
        this.what = what;
        this.faults = faults;
    }

    /// The fields of `node`, which has none if it is not a mapping; that is reported.
    public static Fields of(Node node, String what, Faults faults) {
        if (node instanceof Node.Mapping mapping) {
            return new Fields(mapping, what, faults);
        }
        faults.add(node.line(), what + " must be a mapping, found " + node.kind());
        return new Fields(new Node.Mapping(Map.of(), node.line()), what, faults);
    }

    /// The fields of a file's root, its `format` checked: a file of a later format is refused, for it may mean
    /// things that this program does not know of.
    public static Fields root(Node.Mapping root, int format, Faults faults) {
        Fields fields = new Fields(root, "the file", faults);
        long found = fields.number("format", format, 1, Integer.MAX_VALUE);
        if (found > format) {
            faults.add(
                    fields.line("format"),
                    "format " + found + " was written by a newer version; this one reads up to " + format);
        }
        return fields;
    }

    public Faults faults() {
        return faults;
    }

    /// Where `key` stands, or the mapping if it does not.
    public int line(String key) {
        Node.Entry entry = mapping.entries().get(key);
        return entry == null ? mapping.line() : entry.value().line();
    }

    public boolean has(String key) {
        return mapping.entries().containsKey(key);
    }

    /// A text that must be there; empty if it is not, which is reported.
    public String text(String key) {
        Node node = take(key);
        if (node == null) {
            faults.add(mapping.line(), what + " lacks '" + key + "'");
            return "";
        }
        return asText(node, key);
    }

    /// A text that `parser` understands; null if it does not or if there is none, both reported.
    ///
    /// @param parser throws [IllegalArgumentException] with a message for the reader of the file
    public <T> @Nullable T parsed(String key, Function<String, T> parser) {
        if (!has(key)) {
            text(key);
            return null;
        }
        return parse(text(key), line(key), parser);
    }

    /// Texts in a list, none if the key is absent.
    public List<String> texts(String key) {
        List<String> texts = new ArrayList<>();
        for (Node item : items(key)) {
            texts.add(asText(item, key));
        }
        return texts;
    }

    public boolean flag(String key, boolean otherwise) {
        Node node = take(key);
        if (node == null) {
            return otherwise;
        }
        if (node instanceof Node.Scalar scalar && scalar.type() == Node.Type.FLAG) {
            return scalar.text().equals("true");
        }
        faults.add(node.line(), "'" + key + "' of " + what + " must be true or false, found " + node.shown());
        return otherwise;
    }

    public long number(String key, long otherwise, long min, long max) {
        Node node = take(key);
        if (node == null) {
            return otherwise;
        }
        if (node instanceof Node.Scalar scalar && scalar.type() == Node.Type.NUMBER) {
            try {
                long value = Long.parseLong(scalar.text());
                if (value >= min && value <= max) {
                    return value;
                }
            } catch (NumberFormatException _) {
                // Too great or with a fraction: told below like any number out of bounds.
            }
        }
        faults.add(
                node.line(),
                "'" + key + "' of " + what + " must be a number from " + min + " to " + max + ", found "
                        + node.shown());
        return otherwise;
    }

    /// The items of a list, none if the key is absent.
    public List<Node> items(String key) {
        Node node = take(key);
        if (node == null) {
            return List.of();
        }
        if (node instanceof Node.Sequence sequence) {
            return sequence.items();
        }
        faults.add(node.line(), "'" + key + "' of " + what + " must be a list, found " + node.kind());
        return List.of();
    }

    /// The entries of a mapping, none if the key is absent.
    public Map<String, Node> entries(String key) {
        Node node = take(key);
        if (node == null) {
            return Map.of();
        }
        if (node instanceof Node.Mapping inner) {
            Map<String, Node> entries = new LinkedHashMap<>();
            inner.entries().forEach((name, entry) -> entries.put(name, entry.value()));
            return entries;
        }
        faults.add(node.line(), "'" + key + "' of " + what + " must be a mapping, found " + node.kind());
        return Map.of();
    }

    /// Reports the keys that nobody asked for.
    public void finish() {
        for (Map.Entry<String, Node.Entry> entry : mapping.entries().entrySet()) {
            if (!known.contains(entry.getKey())) {
                faults.add(
                        entry.getValue().line(),
                        "unknown key '" + Printable.cut(entry.getKey(), 40) + "' in " + what + " (known: "
                                + String.join(", ", known) + ")");
            }
        }
    }

    /// Parses a text that stood in `line`; null if `parser` refused it, which is reported.
    public <T> @Nullable T parse(String text, int line, Function<String, T> parser) {
        try {
            return parser.apply(text);
        } catch (IllegalArgumentException e) {
            faults.add(line, String.valueOf(e.getMessage()));
            return null;
        }
    }

    private @Nullable Node take(String key) {
        known.add(key);
        Node.Entry entry = mapping.entries().get(key);
        return entry == null ? null : entry.value();
    }

    private String asText(Node node, String key) {
        // A name such as 0042 is a number to YAML and a text to whoever wrote it.
        if (node instanceof Node.Scalar scalar && scalar.type() != Node.Type.NOTHING) {
            return scalar.text();
        }
        faults.add(node.line(), "'" + key + "' of " + what + " must be text, found " + node.kind());
        return "";
    }
}
