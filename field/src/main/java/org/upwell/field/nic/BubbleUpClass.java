// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.util.Locale;

/// What a notification is to its readers; the second level of its topic.
public enum BubbleUpClass {
    READ,
    ALERT;

    /// As it stands in topics and paths.
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static BubbleUpClass of(String word) {
        for (BubbleUpClass value : values()) {
            if (value.word().equals(word)) {
                return value;
            }
        }
        throw new IllegalArgumentException("class '" + word + "' is unknown; known are read and alert");
    }
}
