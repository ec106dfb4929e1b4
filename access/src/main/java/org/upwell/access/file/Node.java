// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.file;

import java.util.List;
import java.util.Map;

/// A part of a JSON or YAML document that knows its line, so that a fault in what it means can name its place.
public sealed interface Node {

    /// Counted from 1.
    int line();

    /// What the part is called in a message.
    String kind();

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

    /// Keys with values, in the order in which they were written.
    record Mapping(Map<String, Node> entries, int line) implements Node {
        @Override
        public String kind() {
            return "a mapping";
        }
    }
}
