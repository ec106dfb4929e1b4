// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.file;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Gathers what is wrong with one file, so that all of it is told at once. Owned by the thread that reads the file.
public final class Faults {

    /// More would only repeat the first: a file of the wrong kind has a fault on each line.
    private static final int MAX_TOLD = 50;

    private final Path file;
    private final List<Fault> told = new ArrayList<>();
    private int untold;

    public Faults(Path file) {
        this.file = file;
    }

    /// @param line counted from 1; 0 if the fault is in no particular line
    public void add(int line, String message) {
        if (told.size() == MAX_TOLD) {
            untold++;
            return;
        }
        told.add(new Fault(file, line, message));
    }

    public boolean isEmpty() {
        return told.isEmpty();
    }

    /// In the order in which they were found.
    public List<Fault> all() {
        List<Fault> all = new ArrayList<>(told);
        if (untold > 0) {
            all.add(new Fault(file, 0, "and " + untold + " more"));
        }
        return all;
    }

    /// @throws BrokenFileException with all faults, if there is one
    public void throwIfAny() throws BrokenFileException {
        if (!told.isEmpty()) {
            throw new BrokenFileException(
                    file, all().stream().map(Fault::toString).toList());
        }
    }
}
