// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.nio.file.Path;

/// Something wrong in a configuration file, and where.
///
/// @param line counted from 1
public record ConfigFault(Path file, int line, String message) {

    @Override
    public String toString() {
        return file + ":" + line + ": " + message;
    }
}
