// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.file;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// A file does not say what it must. Carries every fault that was found, each with its line.
public final class BrokenFileException extends IOException {

    private static final long serialVersionUID = 1L;

    private final String[] faults;

    BrokenFileException(Path file, List<String> faults) {
        super(message(file, faults));
        this.faults = faults.toArray(String[]::new);
    }

    private static String message(Path file, List<String> faults) {
        return faults.size() == 1
                ? faults.getFirst()
                : faults.size() + " faults in " + file + ":\n  " + String.join("\n  ", faults);
    }

    /// Each as `file:line: what is wrong`.
    public List<String> faults() {
        return List.of(faults);
    }
}
