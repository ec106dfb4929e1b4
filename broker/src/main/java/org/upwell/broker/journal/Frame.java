// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.util.zip.CRC32C;

/// What stands before the body of every record, and the kinds of records.
///
/// ```text
///  0  length of the record, this header included      4 bytes
///  4  CRC-32C of all other bytes of the record        4 bytes
///  8  number of the segment                           4 bytes
/// 12  kind                                            1 byte
/// 13  body
/// ```
///
/// The segment's number tells a record from what an earlier segment left in a file that is used again.
final class Frame {

    static final int BYTES = 13;

    /// Newest format that this code reads, and the one it writes.
    static final int FORMAT = 2;

    /// First record of a segment: format, segment numbers that exist, first free sequence and session number.
    static final int HEADER = 1;
    /// A message with the queues it enters.
    static final int MESSAGE = 2;
    /// The same, preceded by the number of records with more queues that follow it.
    static final int SPLIT_MESSAGE = 3;
    /// More queues of the message before.
    static final int MORE_TARGETS = 4;
    /// Steps of handshakes, many in one record.
    static final int STEPS = 5;
    /// A message went from one queue to another.
    static final int MOVED = 6;
    /// All queues of a message whose record is elsewhere; none if it is done with.
    static final int REQUEUED = 7;
    /// A session's own record.
    static final int SESSION = 8;
    /// A session with subscriptions and packet ids; replaces all that was said of these before.
    static final int SNAPSHOT = 9;
    static final int GROUP = 10;
    /// A session or group was removed.
    static final int REMOVED = 11;
    static final int SUBSCRIBED = 12;
    static final int UNSUBSCRIBED = 13;
    /// A retained place was emptied.
    static final int CLEARED = 14;
    /// First sequence that is not yet promised to anybody.
    static final int RESERVED = 15;
    /// A segment was cleaned: what lived in it stands before this.
    static final int CLEANED = 16;
    /// Nothing follows in this segment.
    static final int SEAL = 17;

    /// What stood here was damaged, and left out by a repair.
    static final int GAP = 18;

    /// All that stands before it in the segment was synced before this was written. Holds the checksum of the
    /// segment's header, which no payload can guess.
    static final int SYNCED = 19;
    static final int MARK_BYTES = BYTES + 4;

    private static final int LAST_KIND = SYNCED;

    private Frame() {}

    /// Begins a record; the body is to follow.
    static int begin(Output out, int kind) {
        int start = out.position();
        out.ensure(BYTES);
        out.array()[start + 12] = (byte) kind;
        out.position(start + BYTES);
        return start;
    }

    /// Notes the length of the record that ends here.
    static void end(Output out, int start) {
        out.putInt(start, out.position() - start);
    }

    /// Writes segment and checksum into a record that is complete but for these.
    static void seal(byte[] array, int start, int segment, CRC32C crc) {
        put(array, start + 8, segment);
        put(array, start + 4, checksum(array, start, Input.intAt(array, start), crc));
    }

    private static void put(byte[] array, int at, int value) {
        array[at] = (byte) (value >>> 24);
        array[at + 1] = (byte) (value >>> 16);
        array[at + 2] = (byte) (value >>> 8);
        array[at + 3] = (byte) value;
    }

    private static int checksum(byte[] array, int start, int length, CRC32C crc) {
        crc.reset();
        // Length and the rest around the checksum itself.
        crc.update(array, start, 4);
        crc.update(array, start + 8, length - 8);
        return (int) crc.getValue();
    }

    /// The checksum that a record has.
    static int checksumOf(byte[] array, int start) {
        return Input.intAt(array, start + 4);
    }

    /// True if a record of this length may exist in a segment.
    static boolean isLengthPlausible(int length) {
        return length >= BYTES;
    }

    /// True if all bytes of the record are what was written into that segment.
    static boolean isWhole(byte[] array, int start, int segment, CRC32C crc) {
        int kind = array[start + 12];
        return Input.intAt(array, start + 8) == segment
                && kind >= HEADER
                && kind <= LAST_KIND
                && checksumOf(array, start) == checksum(array, start, Input.intAt(array, start), crc);
    }
}
