// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.util.Locale;

/// How enum constants are written in the file.
final class Spelling {
    private Spelling() {}

    static String kebab(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
