// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.util.Collection;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The segments that exist, by number. Owned by the writer thread.
final class Segments {

    private final NavigableMap<Integer, Segment> byNumber = new TreeMap<>();
    private final LongMap<Segment> lookup = new LongMap<>();
    private long totalBytes;
    private long liveBytes;

    void add(Segment segment) {
        byNumber.put(segment.number, segment);
        lookup.put(segment.number, segment);
        totalBytes += segment.sizeBytes;
    }

    void remove(Segment segment) {
        byNumber.remove(segment.number);
        lookup.remove(segment.number);
        totalBytes -= segment.sizeBytes + segment.hintBytes;
        liveBytes -= segment.liveBytes;
    }

    /// The first segment with a higher number.
    @Nullable
    Segment after(int number) {
        Map.Entry<Integer, Segment> next = byNumber.higherEntry(number);
        return next == null ? null : next.getValue();
    }

    /// Counts a segment's hint, made or read.
    void hinted(Segment segment, long bytes) {
        segment.hintBytes = bytes;
        if (exists(segment.number)) {
            totalBytes += bytes;
        }
    }

    void resized(Segment segment, long sizeBytes) {
        totalBytes += sizeBytes - segment.sizeBytes;
        segment.sizeBytes = sizeBytes;
    }

    @Nullable
    Segment find(int number) {
        return lookup.get(number);
    }

    /// @throws IllegalStateException if there is none
    Segment get(int number) {
        Segment segment = lookup.get(number);
        if (segment == null) {
            throw new IllegalStateException("segment " + number + " does not exist");
        }
        return segment;
    }

    boolean exists(int number) {
        return number > 0 && lookup.get(number) != null;
    }

    /// True if any but `except` exists from `oldest` to `latest`.
    boolean anyWithin(int oldest, int latest, int except) {
        for (Integer number = byNumber.ceilingKey(oldest);
                number != null && number <= latest;
                number = byNumber.higherKey(number)) {
            if (number != except) {
                return true;
            }
        }
        return false;
    }

    void live(int number, long bytes) {
        Segment segment = lookup.get(number);
        if (segment != null) {
            segment.liveBytes += bytes;
            liveBytes += bytes;
        }
    }

    Collection<Segment> inOrder() {
        return byNumber.values();
    }

    int count() {
        return byNumber.size();
    }

    long totalBytes() {
        return totalBytes;
    }

    long liveBytes() {
        return liveBytes;
    }
}
