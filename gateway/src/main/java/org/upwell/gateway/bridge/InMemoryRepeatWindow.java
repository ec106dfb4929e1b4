// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.bridge;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.upwell.access.Mac;
import org.upwell.codec.ReasonCode;

/// A repeat window that forgets at the end of the process.
///
/// For each sensor and boot of a device it keeps the highest published number and a bit for each of the 64 up to it,
/// about 50 bytes. A number below those 64 that nobody remembers is published: a device sends in order, so it can
/// only come from a device that lost count, and then a duplicate does less harm than a loss. The windows of a
/// device are bounded; the one that was not used for longest goes first.
public final class InMemoryRepeatWindow implements RepeatWindow {

    private static final int SENSORS_PER_DEVICE = 64;

    private final Map<Mac, Device> devices = new ConcurrentHashMap<>();

    @Override
    public Claim claim(NotificationId id, CompletionStage<ReasonCode> outcome) {
        return devices.computeIfAbsent(id.mac(), _ -> new Device()).claim(id, outcome);
    }

    @Override
    public void settle(NotificationId id, boolean published) {
        Device device = devices.get(id.mac());
        if (device != null) {
            device.settle(id, published);
        }
    }

    private record Series(String sensorUri, long boot) {}

    /// All windows of one device.
    private static final class Device {

        private final Map<NotificationId, CompletionStage<ReasonCode>> underWay = new HashMap<>(2);
        private final Map<Series, Numbers> series = new LinkedHashMap<>(2, 0.75f, true);

        synchronized Claim claim(NotificationId id, CompletionStage<ReasonCode> outcome) {
            CompletionStage<ReasonCode> earlier = underWay.get(id);
            if (earlier != null) {
                return new Claim.UnderWay(earlier);
            }
            Numbers numbers = series.get(new Series(id.sensorUri(), id.boot()));
            if (numbers != null && numbers.contains(id.sequence())) {
                return new Claim.Done();
            }
            underWay.put(id, outcome);
            return new Claim.Fresh();
        }

        synchronized void settle(NotificationId id, boolean published) {
            underWay.remove(id);
            if (published) {
                series.computeIfAbsent(new Series(id.sensorUri(), id.boot()), _ -> new Numbers())
                        .add(id.sequence());
                if (series.size() > SENSORS_PER_DEVICE) {
                    series.remove(series.keySet().iterator().next());
                }
            }
        }
    }

    /// The highest number and which of the 64 up to it were published: bit n stands for `highest - n`.
    private static final class Numbers {

        private long highest;
        private long published;

        boolean contains(long number) {
            long below = highest - number;
            return published != 0 && below >= 0 && below < Long.SIZE && ((published >>> below) & 1) != 0;
        }

        void add(long number) {
            if (published == 0 || number > highest) {
                long step = number - highest;
                published = (published == 0 || step >= Long.SIZE ? 0 : published << step) | 1;
                highest = number;
            } else if (highest - number < Long.SIZE) {
                published |= 1L << (highest - number);
            }
        }
    }
}
