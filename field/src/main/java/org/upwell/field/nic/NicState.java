// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.util.List;
import java.util.Optional;

/// What of a NIC outlives a restart.
public interface NicState {
    /// Counts this start and makes the count last before it is returned.
    long nextBoot();

    /// What earlier boots left unacknowledged comes first.
    NotificationBuffer buffer(int limit);

    /// The bubble-up table that was kept last; empty when none ever was.
    Optional<List<BubbleUpEntry>> table();

    /// Makes a table last before it returns.
    ///
    /// @throws java.io.UncheckedIOException when it cannot be kept; the earlier one is then still there
    void keepTable(List<BubbleUpEntry> rows);

    /// Nothing outlives anything: one boot, an empty buffer.
    static NicState inMemory(long boot) {
        return new NicState() {
            @Override
            public long nextBoot() {
                return boot;
            }

            @Override
            public NotificationBuffer buffer(int limit) {
                return new MemoryBuffer(limit);
            }

            @Override
            public Optional<List<BubbleUpEntry>> table() {
                return Optional.empty();
            }

            @Override
            public void keepTable(List<BubbleUpEntry> rows) {
                // Nothing outlives anything.
            }
        };
    }
}
