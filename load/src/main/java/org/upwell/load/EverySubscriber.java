// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

/// Every subscriber is to get every message of its streams once and in order. For one thread.
final class EverySubscriber implements Verifier {
    private final SequenceTracker[] trackers;
    private final int streamsEach;
    private long distinct;
    private long duplicated;
    private long outOfOrder;

    /// @param streamsEach streams of one subscriber; 1 also where each has a stream of its own, whatever its number
    EverySubscriber(int subscribers, int streamsEach) {
        this.streamsEach = streamsEach;
        this.trackers = new SequenceTracker[Math.multiplyExact(subscribers, streamsEach)];
        for (int i = 0; i < trackers.length; i++) {
            trackers[i] = new SequenceTracker();
        }
    }

    @Override
    public boolean accept(int subscriber, int stream, long sequence) {
        SequenceTracker.Arrival arrival = tracker(subscriber, stream).accept(sequence);
        if (arrival == SequenceTracker.Arrival.REPEATED) {
            duplicated++;
            return false;
        }
        if (arrival == SequenceTracker.Arrival.LATE) {
            outOfOrder++;
        }
        distinct++;
        return true;
    }

    SequenceTracker tracker(int subscriber, int stream) {
        return trackers[streamsEach == 1 ? subscriber : subscriber * streamsEach + stream];
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
