// SPDX-License-Identifier: Apache-2.0
package org.upwell.access;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The entries that were used last, never more than a fixed number. Safe for all threads; one lock, held for a
/// moment.
public final class RecentMap<K, V> {

    private final int max;

    // Guarded by this.
    private final LinkedHashMap<K, V> entries = new LinkedHashMap<>(16, 0.75f, true);

    public RecentMap(int max) {
        this.max = max;
    }

    public synchronized @Nullable V get(K key) {
        return entries.get(key);
    }

    public synchronized void put(K key, V value) {
        entries.put(key, value);
        if (entries.size() > max) {
            Map.Entry<K, V> eldest = entries.firstEntry();
            entries.remove(eldest.getKey());
        }
    }

    public synchronized void remove(K key) {
        entries.remove(key);
    }

    public synchronized int size() {
        return entries.size();
    }
}
