// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.hdlc;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// One HDLC frame of format type 3 with one-byte addresses. There is no byte stuffing: the length delimits, so a 7E may
/// stand anywhere inside. Immutable but for its info array, which nobody changes after construction.
///
/// On the wire: `7E`, format (2), destination, source, control, HCS (2), [info, FCS (2)], `7E`. The format is `A000`
/// plus an 11-bit length that counts every byte between the flags; without info there is no FCS.
public final class Frame {
    /// Opens and closes each frame.
    public static final int FLAG = 0x7E;
    /// Longest info in bytes.
    public static final int MAX_INFO_BYTES = 255;

    /// The address both stations use.
    static final int ADDRESS = 0x03;
    /// Format, addresses, control and HCS.
    static final int HEADER_BYTES = 7;

    static final int CHECK_BYTES = 2;
    /// Longest value of the length field.
    static final int MAX_LENGTH = HEADER_BYTES + MAX_INFO_BYTES + CHECK_BYTES;
    /// Shortest length field of a frame with info.
    static final int MIN_LENGTH_WITH_INFO = HEADER_BYTES + 1 + CHECK_BYTES;

    private static final int FORMAT_TYPE = 0xA0;
    private static final byte[] NO_INFO = {};

    private final int destination;
    private final int source;
    private final int control;
    private final byte[] info;

    private Frame(int destination, int source, int control, byte[] info) {
        if (info.length > MAX_INFO_BYTES) {
            throw new IllegalArgumentException("info of " + info.length + " bytes, at most 255 fit a frame");
        }
        this.destination = destination;
        this.source = source;
        this.control = control;
        this.info = info;
    }

    /// An I-frame; an empty info is allowed (a sensor answers a CoAP ACK so).
    public static Frame information(int sendNumber, int receiveNumber, byte[] info) {
        int control = ((receiveNumber & 7) << 5) | FrameKind.POLL_FINAL | ((sendNumber & 7) << 1);
        return new Frame(ADDRESS, ADDRESS, control, info);
    }

    public static Frame receiveReady(int receiveNumber) {
        int control = ((receiveNumber & 7) << 5) | FrameKind.POLL_FINAL | FrameKind.RECEIVE_READY.code();
        return new Frame(ADDRESS, ADDRESS, control, NO_INFO);
    }

    /// An unnumbered frame without info.
    public static Frame unnumbered(FrameKind kind) {
        return unnumbered(kind, NO_INFO);
    }

    public static Frame unnumbered(FrameKind kind, byte[] info) {
        return new Frame(ADDRESS, ADDRESS, kind.code() | FrameKind.POLL_FINAL, info);
    }

    /// For tests and line monitors: any control byte and any addresses.
    static Frame raw(int destination, int source, int control, byte[] info) {
        return new Frame(destination, source, control, info);
    }

    public FrameKind kind() {
        return FrameKind.of(control);
    }

    public int control() {
        return control;
    }

    /// N(S); meaningful for I-frames only.
    public int sendNumber() {
        return (control >> 1) & 7;
    }

    /// N(R); meaningful for I-, RR- and RNR-frames only.
    public int receiveNumber() {
        return (control >> 5) & 7;
    }

    public boolean isPollOrFinal() {
        return (control & FrameKind.POLL_FINAL) != 0;
    }

    /// Not a copy: readers only.
    public byte[] info() {
        return info;
    }

    public byte[] encode() {
        boolean hasInfo = info.length > 0;
        int length = HEADER_BYTES + (hasInfo ? info.length + CHECK_BYTES : 0);
        byte[] bytes = new byte[length + 2];
        bytes[0] = FLAG;
        bytes[1] = (byte) (FORMAT_TYPE | (length >> 8));
        bytes[2] = (byte) length;
        bytes[3] = (byte) destination;
        bytes[4] = (byte) source;
        bytes[5] = (byte) control;
        putChecksum(bytes, 6);
        if (hasInfo) {
            System.arraycopy(info, 0, bytes, 8, info.length);
            putChecksum(bytes, 8 + info.length);
        }
        bytes[length + 1] = FLAG;
        return bytes;
    }

    private static void putChecksum(byte[] bytes, int at) {
        int checksum = Crc16.checksum(bytes, 1, at);
        bytes[at] = (byte) checksum;
        bytes[at + 1] = (byte) (checksum >> 8);
    }

    /// The frame that fills `bytes[from, to)` exactly, flags included, or null when anything is wrong with it.
    public static @Nullable Frame decode(byte[] bytes, int from, int to) {
        if (to - from < HEADER_BYTES + 2 || bytes[from] != FLAG || bytes[to - 1] != FLAG) {
            return null;
        }
        int length = lengthAt(bytes, from + 1);
        if (length != to - from - 2 || !hasGoodHeader(bytes, from + 1)) {
            return null;
        }
        byte[] info = NO_INFO;
        if (length > HEADER_BYTES) {
            if (!Crc16.isGood(bytes, from + 1, from + 1 + length)) {
                return null;
            }
            info = Arrays.copyOfRange(bytes, from + 1 + HEADER_BYTES, from + 1 + length - CHECK_BYTES);
        }
        return new Frame(bytes[from + 3] & 0xFF, bytes[from + 4] & 0xFF, bytes[from + 5] & 0xFF, info);
    }

    /// The length field of the format that starts at `at`, or -1 when no frame can start so.
    static int lengthAt(byte[] bytes, int at) {
        // The segmentation bit (0x08) is let through as the firmware does; segments are never sent.
        if ((bytes[at] & 0xF0) != FORMAT_TYPE) {
            return -1;
        }
        int length = ((bytes[at] & 0x07) << 8) | (bytes[at + 1] & 0xFF);
        boolean possible = length == HEADER_BYTES || (length >= MIN_LENGTH_WITH_INFO && length <= MAX_LENGTH);
        return possible ? length : -1;
    }

    /// Whether HCS and addresses of the header at `at` are right; the addresses must be odd, which ends them.
    static boolean hasGoodHeader(byte[] bytes, int at) {
        return (bytes[at + 2] & bytes[at + 3] & 1) == 1 && Crc16.isGood(bytes, at, at + HEADER_BYTES);
    }

    @Override
    public String toString() {
        return "Frame[" + kind() + ", control=" + Integer.toHexString(control) + ", info=" + info.length + " bytes]";
    }
}
