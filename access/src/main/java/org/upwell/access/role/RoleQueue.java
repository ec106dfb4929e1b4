// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.role;

import org.jspecify.annotations.Nullable;
import org.upwell.broker.session.OverflowRule;

/// What a role says of the queues of those who have it.
///
/// @param messages most messages, 1 to [#MAX_MESSAGES]; 0 if it does not say
/// @param bytes most bytes of topics, payloads and properties, 1 to [#MAX_BYTES]; 0 if it does not say
/// @param overflow what goes when the queue is full; null if it does not say
public record RoleQueue(int messages, long bytes, @Nullable OverflowRule overflow) {

    /// The most messages that any queue may hold.
    public static final int MAX_MESSAGES = 2_000_000;

    /// The most bytes that any queue may hold: 64 GiB.
    public static final long MAX_BYTES = 64L << 30;

    /// A role that leaves everything as configured.
    public static final RoleQueue UNSAID = new RoleQueue(0, 0, null);
}
