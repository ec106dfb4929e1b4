// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

/// A journal in numbers.
///
/// @param segments files of the log
/// @param diskBytes what log and spare files take
/// @param liveBytes what of the log is still needed
/// @param messages messages that a queue or a retained place holds
/// @param sessions sessions and groups
/// @param retained retained messages
/// @param records written since the start
/// @param bytesWritten to the log since the start, copies included
/// @param copiedBytes of these, written by cleaning
/// @param preparedBytes zeros written into spare files since the start
/// @param syncs calls that wait for the disk since the start
/// @param syncNanos time spent in them
/// @param cleanedSegments since the start
public record JournalStat(
        int segments,
        long diskBytes,
        long liveBytes,
        long messages,
        int sessions,
        int retained,
        long records,
        long bytesWritten,
        long copiedBytes,
        long preparedBytes,
        long syncs,
        long syncNanos,
        long cleanedSegments) {

    static final JournalStat EMPTY = new JournalStat(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}
