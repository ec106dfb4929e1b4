// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.event;

import java.util.Map;

/// How many messages one session lost, by cause. Immutable.
///
/// @param byCause without causes that never came about
/// @param told how many of them the client was told of
public record DropCounts(Map<DropCause, Long> byCause, long told) {

    public static final DropCounts NONE = new DropCounts(Map.of(), 0);

    public DropCounts {
        byCause = Map.copyOf(byCause);
    }

    public long by(DropCause cause) {
        return byCause.getOrDefault(cause, 0L);
    }

    public long total() {
        return byCause.values().stream().mapToLong(Long::longValue).sum();
    }
}
