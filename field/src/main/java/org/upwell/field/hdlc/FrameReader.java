// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.hdlc;

import org.jspecify.annotations.Nullable;

/// Finds frames in a stream of bytes as the NIC must: noise, cut-off frames, frames back to back and 7E inside data are
/// all met on the line. Owned by one thread; never blocks, never throws for bad input.
///
/// A flag *may* open a frame. It is believed as soon as the header behind it checks out, and the frame once its closing
/// flag and FCS do. Whatever fails is given up one byte at a time, so a good frame behind bad bytes is never swallowed.
/// A believed header whose rest never comes is given up by [#giveUpPartial()] after a pause on the line.
public final class FrameReader {
    // Room for a frame that is being given up and the next one behind it.
    private static final int CAPACITY = 2 * (Frame.MAX_LENGTH + 2);

    private final byte[] buffer = new byte[CAPACITY];
    private int start;
    private int end;
    private long discardedBytes;

    /// Takes bytes in; returns how many fitted. Call [#next()] until it is null, then bring the rest.
    public int append(byte[] bytes, int from, int count) {
        if (start > 0) {
            System.arraycopy(buffer, start, buffer, 0, end - start);
            end -= start;
            start = 0;
        }
        int taken = Math.min(count, CAPACITY - end);
        System.arraycopy(bytes, from, buffer, end, taken);
        end += taken;
        return taken;
    }

    /// The next good frame, or null when more bytes are needed.
    public @Nullable Frame next() {
        while (start < end) {
            if (buffer[start] != Frame.FLAG) {
                discard();
                continue;
            }
            int available = end - start;
            if (available >= 2 && (buffer[start + 1] & 0xF0) != 0xA0) {
                discard();
                continue;
            }
            if (available < Frame.HEADER_BYTES + 1) {
                return null;
            }
            int length = Frame.lengthAt(buffer, start + 1);
            if (length < 0 || !Frame.hasGoodHeader(buffer, start + 1)) {
                discard();
                continue;
            }
            if (available < length + 2) {
                return null;
            }
            Frame frame = Frame.decode(buffer, start, start + length + 2);
            if (frame != null) {
                // The closing flag may open the next frame too.
                start += length + 1;
                return frame;
            }
            discard();
        }
        return null;
    }

    /// After a pause: the frame that has begun will not be completed, but one may hide behind its first byte.
    /// Call [#next()] afterwards.
    public void giveUpPartial() {
        if (start < end) {
            discard();
        }
    }

    /// Bytes other than flags that belonged to no good frame, since the start.
    public long discardedBytes() {
        return discardedBytes;
    }

    private void discard() {
        discardedBytes += buffer[start] == Frame.FLAG ? 0 : 1;
        start++;
    }
}
