// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.topic;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.message.Message;

/// Those of the retained messages that expire, the one that does so first in front: a binary heap whose entries
/// know their place, so that one that is replaced long before its time leaves at once. Guarded by the lock of
/// [RetainedMessages], but for [#nextMillis].
final class ExpiryHeap {

    /// Something that may expire.
    abstract static class Entry {
        /// Index in the heap, less than 0 if it is not in it.
        private int place = -1;

        abstract long expiresAtMillis();
    }

    private @Nullable Entry[] entries = new Entry[0];
    private int size;
    /// For those who only want to know whether there is anything to do.
    private volatile long nextMillis = Message.NEVER;

    /// When the first entry expires, [Message#NEVER] if none does. Any thread; costs the reading of a field.
    long nextMillis() {
        return nextMillis;
    }

    /// The entry that expires first, null if there is none.
    @Nullable
    Entry first() {
        return size == 0 ? null : entries[0];
    }

    /// Takes the entry in if it expires.
    void add(Entry entry) {
        if (entry.expiresAtMillis() == Message.NEVER) {
            return;
        }
        if (size == entries.length) {
            entries = Arrays.copyOf(entries, Math.max(16, size + (size >> 1)));
        }
        rise(entry, size++);
        tellNext();
    }

    /// Takes the entry out if it is in.
    void remove(Entry entry) {
        int place = entry.place;
        if (place < 0) {
            return;
        }
        entry.place = -1;
        Entry last = at(--size);
        entries[size] = null;
        if (place < size) {
            rise(last, place);
            sink(last, last.place);
        }
        if (size == 0) {
            // Many may have been there once.
            entries = new Entry[0];
        }
        tellNext();
    }

    private void tellNext() {
        long next = size == 0 ? Message.NEVER : at(0).expiresAtMillis();
        if (next != nextMillis) {
            nextMillis = next;
        }
    }

    private Entry at(int place) {
        Entry entry = entries[place];
        if (entry == null) {
            throw new IllegalStateException("nothing at " + place + " of " + size);
        }
        return entry;
    }

    private void rise(Entry entry, int from) {
        int place = from;
        while (place > 0) {
            Entry parent = at((place - 1) >>> 1);
            if (parent.expiresAtMillis() <= entry.expiresAtMillis()) {
                break;
            }
            put(parent, place);
            place = (place - 1) >>> 1;
        }
        put(entry, place);
    }

    private void sink(Entry entry, int from) {
        int place = from;
        while (2 * place + 1 < size) {
            int child = 2 * place + 1;
            if (child + 1 < size && at(child + 1).expiresAtMillis() < at(child).expiresAtMillis()) {
                child++;
            }
            Entry lower = at(child);
            if (entry.expiresAtMillis() <= lower.expiresAtMillis()) {
                break;
            }
            put(lower, place);
            place = child;
        }
        put(entry, place);
    }

    private void put(Entry entry, int place) {
        entries[place] = entry;
        entry.place = place;
    }
}
