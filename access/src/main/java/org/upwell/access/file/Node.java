// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.file;

import java.util.List;
import java.util.Map;
import org.upwell.access.Printable;

/// A part of a JSON or YAML document that knows its line, so that a fault in what it means can name its place.
public sealed interface Node {

    /// Counted from 1.
    int line();

    /// What the part is called in a message.
    String kind();

    /// How it is shown to whoever expected something else: a plain value as it stands, else what it is.
    default String shown() {
        return this instanceof Scalar scalar && scalar.type() != Type.NOTHING
                ? "'" + Printable.cut(scalar.text(), 80) + "'"
                : kind();
    }

    /// The kinds of plain values.
    enum Type {
        TEXT,
        NUMBER,
        FLAG,
        NOTHING
    }

    /// A plain value as it was written.
    record Scalar(String text, Type type, int line) implements Node {
        @Override
        public String kind() {
            return switch (type) {
                case TEXT -> "text";
                case NUMBER -> "a number";
                case FLAG -> "true or false";
                case NOTHING -> "nothing";
            };
        }
    }

    /// Values in order.
    record Sequence(List<Node> items, int line) implements Node {
        public Sequence {
            items = List.copyOf(items);
        }

        @Override
        public String kind() {
            return "a list";
        }
    }

    /// A value with the line of its key, which differs from the value's when that begins further down.
    record Entry(Node value, int line) {}

    /// Keys with values, in the order in which they were written.
    record Mapping(Map<String, Entry> entries, int line) implements Node {
        @Override
        public String kind() {
            return "a mapping";
        }
    }
}
