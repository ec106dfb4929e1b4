// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

/// What of a NIC outlives a restart.
public interface NicState {
    /// Counts this start and makes the count last before it is returned.
    long nextBoot();

    /// What earlier boots left unacknowledged comes first.
    NotificationBuffer buffer(int limit);

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
        };
    }
}
