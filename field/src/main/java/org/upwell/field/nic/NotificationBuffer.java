// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import org.jspecify.annotations.Nullable;

/// What the gateway has not acknowledged yet, in order and bounded. Owned by the NIC's loop.
public interface NotificationBuffer extends AutoCloseable {
    /// Takes one in; when the buffer is full the oldest makes room and is returned.
    ///
    /// @throws java.io.UncheckedIOException when it cannot be kept; the buffer is then as it was
    @Nullable
    Notification add(Notification notification);

    /// The oldest.
    @Nullable
    Notification first();

    /// The oldest is acknowledged, or given up.
    void removeFirst();

    int size();

    @Override
    void close();
}
