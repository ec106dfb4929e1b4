// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.file;

import java.nio.file.Path;

/// Something wrong in a file, and where.
///
/// @param line counted from 1; 0 if the fault is in no particular line
public record Fault(Path file, int line, String message) {

    @Override
    public String toString() {
        return file + (line > 0 ? ":" + line : "") + ": " + message;
    }
}
