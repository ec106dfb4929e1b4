// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.nio.file.Path;
import java.time.Duration;

/// Where and how a [Journal] keeps its files.
///
/// @param directory made if there is none
/// @param interval in [Mode#INTERVAL], the longest time for which a power cut may take what was committed; in both
///     modes, for which it may take what nobody waits for
/// @param segmentBytes size of one file of the log, 4 KiB to 1 GiB
/// @param maxBytes what all files together may take, 0 for no such bound
/// @param minFreeBytes what is to be left free on the disk
/// @param cleaningBytesPerSecond how fast cleaning may write while space is not short
public record JournalSettings(
        Path directory,
        Mode mode,
        Duration interval,
        int segmentBytes,
        long maxBytes,
        long minFreeBytes,
        long cleaningBytesPerSecond) {

    /// What a commit means.
    public enum Mode {
        /// The fact survives a power cut.
        SYNC,
        /// The fact survives the end of the process, and a power cut but for the last interval.
        INTERVAL
    }

    public static final Duration DEFAULT_INTERVAL = Duration.ofMillis(100);
    public static final int DEFAULT_SEGMENT_BYTES = 64 << 20;
    public static final long DEFAULT_MIN_FREE_BYTES = 256L << 20;
    public static final long DEFAULT_CLEANING_BYTES_PER_SECOND = 100L << 20;

    static final int SMALLEST_SEGMENT_BYTES = 1 << 10;
    static final int LARGEST_SEGMENT_BYTES = 1 << 30;

    public JournalSettings {
        if (segmentBytes < SMALLEST_SEGMENT_BYTES || segmentBytes > LARGEST_SEGMENT_BYTES) {
            throw new IllegalArgumentException("segment size " + segmentBytes + " is not within "
                    + SMALLEST_SEGMENT_BYTES + " to " + LARGEST_SEGMENT_BYTES + " bytes");
        }
        if (interval.isNegative() || interval.isZero()) {
            throw new IllegalArgumentException("interval " + interval + " is not positive");
        }
        if (maxBytes < 0 || minFreeBytes < 0 || cleaningBytesPerSecond <= 0) {
            throw new IllegalArgumentException("a bound of the journal is negative, or its cleaning rate is 0");
        }
        if (maxBytes > 0 && maxBytes < 8L * segmentBytes) {
            throw new IllegalArgumentException("a journal of at most " + maxBytes
                    + " bytes needs smaller segments than " + segmentBytes + " bytes: at least 8 must fit");
        }
    }

    /// The defaults.
    public static JournalSettings of(Path directory) {
        return new JournalSettings(
                directory,
                Mode.SYNC,
                DEFAULT_INTERVAL,
                DEFAULT_SEGMENT_BYTES,
                0,
                DEFAULT_MIN_FREE_BYTES,
                DEFAULT_CLEANING_BYTES_PER_SECOND);
    }

    public JournalSettings withMode(Mode other) {
        return new JournalSettings(
                directory, other, interval, segmentBytes, maxBytes, minFreeBytes, cleaningBytesPerSecond);
    }

    public JournalSettings withSegmentBytes(int other) {
        return new JournalSettings(directory, mode, interval, other, maxBytes, minFreeBytes, cleaningBytesPerSecond);
    }

    public JournalSettings withMaxBytes(long other) {
        return new JournalSettings(
                directory, mode, interval, segmentBytes, other, minFreeBytes, cleaningBytesPerSecond);
    }
}
