// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.util.List;
import java.util.Map;

/// A piece of a YAML file that still knows its line. Immutable.
sealed interface YamlNode {

    /// Counted from 1.
    int line();

    /// What a person would call it in a message.
    String kind();

    /// Entries in the order of the file.
    record Mapping(int line, Map<String, Entry> entries) implements YamlNode {
        @Override
        public String kind() {
            return "a mapping";
        }
    }

    /// A key with its own line, which differs from the value's when that starts further down.
    record Entry(int line, YamlNode value) {}

    record Sequence(int line, List<YamlNode> items) implements YamlNode {
        @Override
        public String kind() {
            return "a list";
        }
    }

    /// Any single value as it was written, quotes removed.
    record Scalar(int line, String text) implements YamlNode {
        @Override
        public String kind() {
            return "'" + text + "'";
        }
    }

    /// A key without a value.
    record Nothing(int line) implements YamlNode {
        @Override
        public String kind() {
            return "nothing";
        }
    }
}
