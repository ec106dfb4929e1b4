// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.sensor;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Who observes what: at most four, keyed by path, so that a new observer of a path replaces the old one. One counter
/// for all paths numbers register answers and notifications alike. Owned by the sensor's thread.
final class Observers {
    static final int MAX = 4;
    static final int MAX_PATH_BYTES = 31;

    private static final int FIRST_VALUE = 2;
    private static final int LAST_VALUE = (1 << 24) - 1;

    private final Map<String, byte[]> tokens = new LinkedHashMap<>();
    private int counter = FIRST_VALUE;

    /// False: no room, the observation is refused.
    boolean add(String path, byte[] token) {
        tokens.remove(path);
        if (tokens.size() >= MAX || path.length() > MAX_PATH_BYTES) {
            return false;
        }
        tokens.put(path, token);
        return true;
    }

    void remove(String path, byte[] token) {
        byte[] present = tokens.get(path);
        if (present != null && Arrays.equals(present, token)) {
            tokens.remove(path);
        }
    }

    byte @Nullable [] token(String path) {
        return tokens.get(path);
    }

    int count() {
        return tokens.size();
    }

    int nextValue() {
        counter = counter == LAST_VALUE ? FIRST_VALUE : counter + 1;
        return counter;
    }

    void clear() {
        tokens.clear();
        counter = FIRST_VALUE;
    }
}
