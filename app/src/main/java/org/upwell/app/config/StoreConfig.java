// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.upwell.broker.journal.JournalSettings;

/// Where and how the durable store keeps its files; of no effect with `durability: memory`.
///
/// @param directory absent: `journal` in the data directory
/// @param interval longest time before what is written is synced, with `durability: interval`
/// @param maximumSize most bytes on disk, 0 for what the disk holds
/// @param minimumFree bytes of the disk that are left to others
/// @param segmentSize bytes of one file
/// @param cleaningRate most bytes copied per second to win back space
public record StoreConfig(
        Optional<Path> directory,
        Duration interval,
        long maximumSize,
        long minimumFree,
        int segmentSize,
        long cleaningRate) {

    private static final Duration LONGEST_INTERVAL = Duration.ofMinutes(1);
    private static final long MB = 1L << 20;
    private static final long LARGEST = 1L << 50;

    /// For a server that keeps little: its files take little time and room to make.
    public static StoreConfig small() {
        return new StoreConfig(
                Optional.empty(),
                JournalSettings.DEFAULT_INTERVAL,
                0,
                JournalSettings.DEFAULT_MIN_FREE_BYTES,
                (int) (4 * MB),
                JournalSettings.DEFAULT_CLEANING_BYTES_PER_SECOND);
    }

    static StoreConfig read(Section section) {
        Optional<Path> directory = section.path("directory");
        Duration interval = section.duration("interval", JournalSettings.DEFAULT_INTERVAL, LONGEST_INTERVAL);
        if (interval.isZero()) {
            section.fault("interval", "must not be 0: `durability: sync` waits for the disk each time");
            interval = JournalSettings.DEFAULT_INTERVAL;
        }
        int segmentSize = (int) section.size("segment-size", JournalSettings.DEFAULT_SEGMENT_BYTES, MB, 1024 * MB);
        long maximumSize = section.size("maximum-size", 0, 0, LARGEST);
        if (maximumSize > 0 && maximumSize < 8L * segmentSize) {
            section.fault("maximum-size", "must hold at least 8 segments of " + segmentSize + " bytes, or be 0");
            maximumSize = 0;
        }
        long minimumFree = section.size("minimum-free", JournalSettings.DEFAULT_MIN_FREE_BYTES, 0, LARGEST);
        long cleaningRate =
                section.size("cleaning-rate", JournalSettings.DEFAULT_CLEANING_BYTES_PER_SECOND, MB, LARGEST);
        section.refuseUnknownKeys();
        return new StoreConfig(directory, interval, maximumSize, minimumFree, segmentSize, cleaningRate);
    }

    /// As the journal takes it.
    public JournalSettings settings(Path dataDirectory, Durability durability) {
        return new JournalSettings(
                directory(dataDirectory),
                durability == Durability.INTERVAL ? JournalSettings.Mode.INTERVAL : JournalSettings.Mode.SYNC,
                interval,
                segmentSize,
                maximumSize,
                minimumFree,
                cleaningRate);
    }

    /// Where the journal's files are.
    public Path directory(Path dataDirectory) {
        return directory.orElse(dataDirectory.resolve("journal"));
    }
}
