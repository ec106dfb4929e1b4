// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.util.Locale;

/// One file of the log. Owned by the writer thread, except for the file itself, which readers read.
final class Segment {

    final int number;
    final DiskFile file;
    /// What the file takes on disk.
    long sizeBytes;
    /// End of the last record. Rises while the segment is written to, including what is not yet in the file.
    int end;
    boolean isSealed;
    /// Bytes of records that are still needed for themselves.
    long liveBytes;
    /// Bytes of marks of what was synced. Neither alive nor worth cleaning for: copies of messages would get marks
    /// again.
    long markBytes;
    /// Reads under way: until they end, the file must not be written over.
    int pins;
    /// True once it is no part of the log any more.
    boolean isGone;
    /// What its hint takes on disk, 0 if there is none.
    long hintBytes;

    Segment(int number, DiskFile file, long sizeBytes) {
        this.number = number;
        this.file = file;
        this.sizeBytes = sizeBytes;
    }

    static String name(int number) {
        return String.format(Locale.ROOT, "%010d.log", number);
    }

    static String hintName(int number) {
        return String.format(Locale.ROOT, "%010d.hint", number);
    }

    /// The number in a name that ends as given, or 0 if the name is no segment's.
    static int numberOf(String name, String ending) {
        if (name.length() != 10 + ending.length() || !name.endsWith(ending)) {
            return 0;
        }
        try {
            return Integer.parseInt(name.substring(0, 10));
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    @Override
    public String toString() {
        return name(number);
    }
}
