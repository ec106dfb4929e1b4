// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.broker.store.StoreException;

/// The short form of sealed segments, a file beside each: all that a restart must know, without payloads. A hint
/// that is missing or damaged costs time only.
///
/// ```text
/// format 4, segment 4, end of the segment 4, CRC-32C of all but these 16 bytes 4; then per record
/// kind 1, difference of its offset to the end of the record before, its length, length of what follows (varints),
/// the record's body, of a message up to the head or, if it concerns a retained place, the topic
/// ```
final class Hints {

    private static final int HEADER_BYTES = 16;
    private static final int WRITE_BYTES = 1 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(Hints.class);

    private Hints() {}

    /// Takes what a hint says of one record.
    interface Visitor {
        void record(int kind, Input body, int offset, int length) throws IOException;
    }

    /// Reads a sealed segment and writes its hint. Any thread. Returns its size, 0 if it could not be made.
    static int write(Directory directory, Segment segment) {
        try {
            return make(directory, segment);
        } catch (IOException | StoreException e) {
            LOG.warn("{} has no hint; a restart will take longer", segment, e);
            return 0;
        }
    }

    /// Deletes the hint of a segment that is gone, if there is one. Should that fail, the next start does it.
    static void delete(Directory directory, Segment segment) {
        if (segment.hintBytes > 0) {
            try {
                directory.delete(Segment.hintName(segment.number));
            } catch (IOException e) {
                LOG.warn("the hint of {} is left behind", segment, e);
            }
        }
    }

    private static int make(Directory directory, Segment segment) throws IOException {
        Output out = new Output(1 << 16);
        out.position(HEADER_BYTES);
        SegmentCursor cursor = new SegmentCursor(segment.file, segment.number, WRITE_BYTES);
        MessageHead head = new MessageHead();
        int expectedOffset = 0;
        while (cursor.next()) {
            if (cursor.kind() == Frame.SYNCED) {
                continue;
            }
            Input body = cursor.body();
            int from = body.position();
            int to = cursor.kind() == Frame.MESSAGE || cursor.kind() == Frame.SPLIT_MESSAGE
                    ? shortened(head, body, cursor.kind())
                    : cursor.kind() == Frame.GAP ? from : body.limit();
            out.put(cursor.kind());
            out.putVarint(cursor.offset() - expectedOffset);
            out.putVarint(cursor.length());
            out.putVarint(to - from);
            out.putBytes(body.array(), from, to - from);
            expectedOffset = cursor.offset() + cursor.length();
        }
        if (!cursor.isSealed()) {
            throw Records.damaged(segment, cursor.end());
        }
        store(directory, segment, out, cursor.end());
        return out.position();
    }

    private static int shortened(MessageHead head, Input body, int kind) {
        head.read(body, kind);
        if (head.has(MessageHead.PLACE) || head.has(MessageHead.CLEARS)) {
            body.getString();
        }
        return body.position();
    }

    private static void store(Directory directory, Segment segment, Output out, int end) throws IOException {
        byte[] array = out.array();
        CRC32C crc = new CRC32C();
        crc.update(array, HEADER_BYTES, out.position() - HEADER_BYTES);
        out.putInt(0, Frame.FORMAT);
        out.putInt(4, segment.number);
        out.putInt(8, end);
        out.putInt(12, (int) crc.getValue());
        try (DiskFile file = directory.create(Segment.hintName(segment.number))) {
            for (int at = 0; at < out.position(); at += WRITE_BYTES) {
                file.write(ByteBuffer.wrap(array, at, Math.min(WRITE_BYTES, out.position() - at)), at);
            }
        }
    }

    /// Reads and checks a segment's hint. Null if there is none or it is not whole.
    static @Nullable Output load(Directory directory, Set<String> names, Segment segment) throws IOException {
        String name = Segment.hintName(segment.number);
        if (!names.contains(name)) {
            return null;
        }
        byte[] array;
        try (DiskFile file = directory.open(name)) {
            long size = file.size();
            if (size < HEADER_BYTES || size > Integer.MAX_VALUE - 16) {
                return null;
            }
            array = new byte[(int) size];
            if (file.read(ByteBuffer.wrap(array), 0) < array.length) {
                return null;
            }
        }
        CRC32C crc = new CRC32C();
        crc.update(array, HEADER_BYTES, array.length - HEADER_BYTES);
        if (Input.intAt(array, 0) != Frame.FORMAT
                || Input.intAt(array, 4) != segment.number
                || Input.intAt(array, 12) != (int) crc.getValue()
                || Input.intAt(array, 8) > segment.file.size()) {
            return null;
        }
        segment.hintBytes = array.length;
        return new Output(array);
    }

    /// The end of the segment.
    static int end(Output hint) {
        return Input.intAt(hint.array(), 8);
    }

    /// Goes through what was loaded.
    static void visit(Output hint, Visitor visitor) throws IOException {
        Input in = new Input(hint.array(), HEADER_BYTES, hint.position());
        Input body = new Input(in.array(), 0, 0);
        int offset = 0;
        while (in.remaining() > 0) {
            int kind = in.get();
            offset += in.getCount();
            int length = in.getCount();
            int bytes = in.getCount();
            int from = in.position();
            in.skip(bytes);
            body.wrap(in.array(), from, from + bytes);
            visitor.record(kind, body, offset, length);
            offset += length;
        }
    }
}
