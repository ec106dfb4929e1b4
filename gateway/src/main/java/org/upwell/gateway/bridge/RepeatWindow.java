// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.bridge;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.upwell.access.Mac;
import org.upwell.codec.ReasonCode;

/// Remembers which notifications were published, so that a device may send each as often as it must. Safe for all
/// threads. [BridgeJournal] makes it outlive the process.
///
/// For each sensor and boot of a device it keeps the highest published number and a bit for each of the 64 up to
/// it, about 60 bytes. A number below those 64 that nobody remembers is published: a device sends in order, so it
/// can only come from a device that lost count, and then a duplicate does less harm than a loss. The series of a
/// device are bounded; the one that was not used for longest goes first.
public final class RepeatWindow {

    private static final int SERIES_PER_DEVICE = 64;

    /// A device replays what it kept over an outage, perhaps over some restarts; nobody comes back from further.
    private static final int BOOTS_PER_SENSOR = 4;

    /// What a notification is to its window.
    sealed interface Claim {

        /// Not seen before: the caller publishes it and tells the window by [RepeatWindow#settle].
        record Fresh() implements Claim {}

        /// Being published by somebody else at this moment; `outcome` is theirs.
        record UnderWay(CompletionStage<ReasonCode> outcome) implements Claim {}

        /// Published before.
        record Done() implements Claim {}
    }

    /// Takes a series: `published` has a bit for each of the 64 numbers up to `highest`, the lowest bit for that.
    @FunctionalInterface
    interface SeriesVisitor {

        void visit(Mac mac, String sensorUri, long boot, long highest, long published);
    }

    // The newest used series of each device first. Lists are changed inside the map's own locks.
    private final Map<Mac, Series> devices = new ConcurrentHashMap<>();
    private final Map<NotificationId, CompletionStage<ReasonCode>> underWay = new ConcurrentHashMap<>();

    /// Asks for the right to publish `id`; the right is given to one caller at a time.
    ///
    /// @param outcome what a repeat will wait for while this caller publishes
    Claim claim(NotificationId id, CompletionStage<ReasonCode> outcome) {
        Claim[] claim = {new Claim.Done()};
        // Inside the device's own lock, so that a settling at the same moment is seen whole.
        devices.compute(id.mac(), (_, first) -> {
            CompletionStage<ReasonCode> earlier = underWay.get(id);
            if (earlier != null) {
                claim[0] = new Claim.UnderWay(earlier);
            } else if (!contains(first, id)) {
                underWay.put(id, outcome);
                claim[0] = new Claim.Fresh();
            }
            return first;
        });
        return claim[0];
    }

    /// Ends a claim: published for good, or not published and free to be claimed again.
    void settle(NotificationId id, boolean published) {
        if (published) {
            add(id);
        }
        underWay.remove(id);
    }

    /// Takes a number as published.
    void add(NotificationId id) {
        merge(id.mac(), id.sensorUri(), id.boot(), id.sequence(), 1);
    }

    /// Takes a number as not published, after it was added too early.
    void forget(NotificationId id) {
        devices.computeIfPresent(id.mac(), (_, first) -> {
            Series series = find(first, id.sensorUri(), id.boot());
            if (series != null) {
                series.remove(id.sequence());
            }
            return first;
        });
    }

    void merge(Mac mac, String sensorUri, long boot, long highest, long published) {
        devices.compute(mac, (_, first) -> {
            Series series = find(first, sensorUri, boot);
            if (series == null) {
                // The few names that sensors have are shared by all devices.
                series = new Series(sensorUri.intern(), boot);
            }
            series.merge(highest, published);
            if (series != first) {
                series.next = without(first, series);
                trim(series);
            }
            return series;
        });
    }

    /// Visits the series of each device, the one that was not used for longest first, so that merging them in that
    /// order gives the same. The visitor may take its time: what it is shown are copies.
    void forEach(SeriesVisitor visitor) {
        List<Series> copies = new ArrayList<>();
        for (Mac mac : devices.keySet()) {
            copies.clear();
            devices.computeIfPresent(mac, (_, first) -> {
                for (Series each = first; each != null; each = each.next) {
                    copies.add(each.copy());
                }
                return first;
            });
            for (Series each : copies.reversed()) {
                visitor.visit(mac, each.sensorUri, each.boot, each.highest, each.published);
            }
        }
    }

    private static boolean contains(@Nullable Series first, NotificationId id) {
        Series series = find(first, id.sensorUri(), id.boot());
        return series != null && series.contains(id.sequence());
    }

    private static @Nullable Series find(@Nullable Series first, String sensorUri, long boot) {
        Series each = first;
        while (each != null && !(each.boot == boot && each.sensorUri.equals(sensorUri))) {
            each = each.next;
        }
        return each;
    }

    private static @Nullable Series without(@Nullable Series first, Series removed) {
        if (first == removed) {
            return removed.next;
        }
        for (Series each = first; each != null; each = each.next) {
            if (each.next == removed) {
                each.next = removed.next;
            }
        }
        return first;
    }

    private static void trim(Series first) {
        int count = 1;
        int boots = 1;
        for (Series each = first; each.next != null; ) {
            boolean sameSensor = each.next.sensorUri.equals(first.sensorUri);
            if (count == SERIES_PER_DEVICE || (sameSensor && boots == BOOTS_PER_SENSOR)) {
                each.next = each.next.next;
            } else {
                count++;
                boots += sameSensor ? 1 : 0;
                each = each.next;
            }
        }
    }

    /// The highest number and which of the 64 up to it were published: bit n stands for `highest - n`.
    private static final class Series {

        private final String sensorUri;
        private final long boot;
        private long highest;
        private long published;
        private @Nullable Series next;

        Series(String sensorUri, long boot) {
            this.sensorUri = sensorUri;
            this.boot = boot;
        }

        Series copy() {
            Series copy = new Series(sensorUri, boot);
            copy.highest = highest;
            copy.published = published;
            return copy;
        }

        boolean contains(long number) {
            long below = highest - number;
            return published != 0 && below >= 0 && below < Long.SIZE && ((published >>> below) & 1) != 0;
        }

        void merge(long otherHighest, long otherPublished) {
            if (published == 0) {
                highest = otherHighest;
                published = otherPublished;
                return;
            }
            long newHighest = Math.max(highest, otherHighest);
            published = moved(published, newHighest - highest) | moved(otherPublished, newHighest - otherHighest);
            highest = newHighest;
        }

        private static long moved(long bits, long by) {
            // Negative after an overflow: further away than anything.
            return by < 0 || by >= Long.SIZE ? 0 : bits << by;
        }

        void remove(long number) {
            if (contains(number)) {
                published &= ~(1L << (highest - number));
            }
        }
    }
}
