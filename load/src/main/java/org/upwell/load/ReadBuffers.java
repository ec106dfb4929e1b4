// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import io.netty.channel.FixedRecvByteBufAllocator;

/// Reads always into large buffers: they are given back before the next is taken, so there is one at a time.
/// Shared.
final class ReadBuffers {
    static final FixedRecvByteBufAllocator INSTANCE = new FixedRecvByteBufAllocator(128 << 10);

    private ReadBuffers() {}
}
