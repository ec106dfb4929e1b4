// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

import java.util.Arrays;

/// What one NIC has not been acknowledged, in order: five numbers for each notification, from which its payload can
/// be made again. Exists only while there is anything. Owned by the device's thread.
final class Backlog {
    /// One notification.
    ///
    /// @param epochSeconds when it was made
    /// @param tick the same on the field's clock
    record Entry(int boot, int sequence, Telemetry.Kind kind, int epochSeconds, int tick) {}

    private static final int FIELDS = 5;

    private int[] numbers = new int[FIELDS];
    private int first;
    private int size;

    int size() {
        return size;
    }

    void add(Entry entry) {
        int capacity = numbers.length / FIELDS;
        if (first + size == capacity) {
            int[] target = size * 2 > capacity ? new int[2 * numbers.length] : numbers;
            System.arraycopy(numbers, first * FIELDS, target, 0, size * FIELDS);
            numbers = target;
            first = 0;
        }
        int at = (first + size) * FIELDS;
        numbers[at] = entry.boot();
        numbers[at + 1] = entry.sequence();
        numbers[at + 2] = entry.kind().ordinal();
        numbers[at + 3] = entry.epochSeconds();
        numbers[at + 4] = entry.tick();
        size++;
    }

    /// Only while there is one.
    Entry first() {
        return get(0);
    }

    void removeFirst() {
        first++;
        size--;
    }

    /// Makes room where the oldest must stay because it is under way.
    Entry removeSecond() {
        Entry second = get(1);
        int at = first * FIELDS;
        int[] oldest = Arrays.copyOfRange(numbers, at, at + FIELDS);
        System.arraycopy(oldest, 0, numbers, at + FIELDS, FIELDS);
        removeFirst();
        return second;
    }

    private Entry get(int index) {
        int at = (first + index) * FIELDS;
        return new Entry(
                numbers[at], numbers[at + 1], Telemetry.Kind.of(numbers[at + 2]), numbers[at + 3], numbers[at + 4]);
    }
}
