// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// Goes through the records of one segment. Ends at its seal, or at the first record that is not whole. A message
/// with records that follow it is whole only with all of these. One thread.
final class SegmentCursor {

    private final DiskFile file;
    private final int number;
    private final long size;
    private final CRC32C crc = new CRC32C();
    private final int windowBytes;
    private byte[] window = {};
    private int windowStart;
    private int windowEnd;

    private int next;
    private int offset;
    private int length;
    private int kind;
    private boolean isSealed;
    private boolean isOver;
    private final Input body = new Input(window, 0, 0);

    SegmentCursor(DiskFile file, int number, int windowBytes) throws IOException {
        this.file = file;
        this.number = number;
        this.size = Math.min(file.size(), Integer.MAX_VALUE);
        this.windowBytes = windowBytes;
    }

    /// Goes to the next record. False at the end.
    boolean next() throws IOException {
        if (isOver || !isWhole(next)) {
            isOver = true;
            return false;
        }
        offset = next;
        length = lengthAt(offset);
        kind = window[offset - windowStart + 12];
        if (kind == Frame.SPLIT_MESSAGE && !isFollowed()) {
            isOver = true;
            return false;
        }
        int start = offset - windowStart;
        body.wrap(window, start + Frame.BYTES, start + length);
        next = offset + length;
        if (kind == Frame.SEAL) {
            isSealed = true;
            isOver = true;
            return false;
        }
        return true;
    }

    /// Once over: goes on at a place behind the damage where a record begins.
    void goOn(int at) {
        next = at;
        isOver = false;
    }

    /// True if a whole record stands there that may follow any other.
    boolean isBeginning(int at) throws IOException {
        return isWhole(at) && window[at - windowStart + 12] != Frame.MORE_TARGETS;
    }

    /// What stands where a record has its length; 0 behind the end.
    int lengthOf(int at) throws IOException {
        return at + (long) Frame.BYTES <= size && load(at, Frame.BYTES) ? lengthAt(at) : 0;
    }

    private boolean isFollowed() throws IOException {
        int start = offset - windowStart;
        int followers = new Input(window, start + Frame.BYTES, start + length).getCount();
        int at = offset + length;
        for (int i = 0; i < followers; i++) {
            if (!isWhole(at) || window[at - windowStart + 12] != Frame.MORE_TARGETS) {
                return false;
            }
            at += lengthAt(at);
        }
        // The window may have moved on.
        return load(offset, length);
    }

    private boolean isWhole(int at) throws IOException {
        if (at + (long) Frame.BYTES > size || !load(at, Frame.BYTES)) {
            return false;
        }
        int bytes = lengthAt(at);
        return Frame.isLengthPlausible(bytes)
                && at + (long) bytes <= size
                && Input.intAt(window, at - windowStart + 8) == number
                && load(at, bytes)
                && Frame.isWhole(window, at - windowStart, number, crc);
    }

    private int lengthAt(int at) {
        return Input.intAt(window, at - windowStart);
    }

    /// Sees to it that the bytes are in the window. False if the file ends before.
    private boolean load(int from, int bytes) throws IOException {
        if (from >= windowStart && from + (long) bytes <= windowEnd) {
            return true;
        }
        int wanted = (int) Math.min(Math.max(bytes, windowBytes), size - from);
        if (window.length < wanted) {
            window = new byte[wanted];
        }
        int read = file.read(ByteBuffer.wrap(window, 0, wanted), from);
        windowStart = from;
        windowEnd = from + read;
        return read >= bytes;
    }

    int kind() {
        return kind;
    }

    int offset() {
        return offset;
    }

    int length() {
        return length;
    }

    /// What follows the frame. Valid until the next call of [#next].
    Input body() {
        return body;
    }

    /// The whole record is here, from [#start]. Valid until the next call of [#next].
    byte[] array() {
        return window;
    }

    int start() {
        return offset - windowStart;
    }

    /// Once over: the end of the last whole record, the seal included.
    int end() {
        return next;
    }

    /// Once over: true if the segment was closed, false if something is torn or unfinished there.
    boolean isSealed() {
        return isSealed;
    }
}
