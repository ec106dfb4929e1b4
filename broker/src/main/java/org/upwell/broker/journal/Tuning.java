// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

/// Sizes that nobody needs to set, but which tests make small so that rare paths are taken often.
///
/// @param targetsPerRecord queues in one record of a message; so many are read with each message that is fetched
/// @param chunkBytes what cleaning reads and the writer copies at a time
/// @param slackBytes dead bytes on disk that are left alone however little is alive
/// @param boundBytes what all files may take beside twice the live bytes; writing is held back rather than that
///     this be passed
/// @param sequenceChunk sequences that are promised at a time
/// @param reserveSegments spare segments that only acknowledgements, removals and cleaning may use
/// @param hintAfterSegments newer segments after which a sealed one gets its hint: most are dead sooner
/// @param ageWeight how much rather old segments are cleaned than young ones with as little alive
/// @param flushBytes encoded bytes after which they are written before their group is complete
record Tuning(
        int targetsPerRecord,
        int chunkBytes,
        long slackBytes,
        long boundBytes,
        int sequenceChunk,
        int reserveSegments,
        int hintAfterSegments,
        int ageWeight,
        int flushBytes) {

    /// What is promised is a gigabyte; writing is held back a little earlier, since cleaning writes too.
    private static final long BOUND_BYTES = 832L << 20;

    static final Tuning DEFAULT = new Tuning(512, 4 << 20, 512L << 20, BOUND_BYTES, 1 << 20, 2, 2, 1, 1 << 20);

    /// For segments of that size: of large ones a few take more than the bounds leave.
    static Tuning of(int segmentBytes) {
        return new Tuning(
                DEFAULT.targetsPerRecord,
                DEFAULT.chunkBytes,
                Math.max(DEFAULT.slackBytes, 8L * segmentBytes),
                Math.max(DEFAULT.boundBytes, 13L * segmentBytes),
                DEFAULT.sequenceChunk,
                DEFAULT.reserveSegments,
                DEFAULT.hintAfterSegments,
                DEFAULT.ageWeight,
                DEFAULT.flushBytes);
    }
}
