// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import java.util.Arrays;

/// Every message is to reach one subscriber of all, once; a subscriber that gets an earlier number after a later
/// one of the same stream got it out of order. For one thread.
final class OneOfGroup implements Verifier {
    private static final int FIRST_WORDS = 1024;

    private final int streams;
    private final long[] nextOfReceiver;
    private final long[][] seen;
    private final long[] distinctOfStream;
    private long distinct;
    private long duplicated;
    private long outOfOrder;

    OneOfGroup(int subscribers, int streams) {
        this.streams = streams;
        this.nextOfReceiver = new long[Math.multiplyExact(subscribers, streams)];
        this.seen = new long[streams][FIRST_WORDS];
        this.distinctOfStream = new long[streams];
    }

    @Override
    public boolean accept(int subscriber, int stream, long sequence) {
        int receiver = subscriber * streams + stream;
        if (sequence + 1 < nextOfReceiver[receiver]) {
            outOfOrder++;
        } else {
            nextOfReceiver[receiver] = sequence + 1;
        }
        int word = Math.toIntExact(sequence >>> 6);
        if (word >= seen[stream].length) {
            seen[stream] = Arrays.copyOf(seen[stream], Math.max(word + 1, 2 * seen[stream].length));
        }
        long bit = 1L << sequence;
        if ((seen[stream][word] & bit) != 0) {
            duplicated++;
            return false;
        }
        seen[stream][word] |= bit;
        distinctOfStream[stream]++;
        distinct++;
        return true;
    }

    /// Numbers of a stream that reached anyone.
    long distinctOf(int stream) {
        return distinctOfStream[stream];
    }

    @Override
    public long distinct() {
        return distinct;
    }

    @Override
    public long duplicated() {
        return duplicated;
    }

    @Override
    public long outOfOrder() {
        return outOfOrder;
    }
}
