// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// Looks for whole records at any place of a segment, to find out whether something is missing before them. Never
/// used to read on behind damage: a payload may be made to look like a record. One thread.
final class RecordSearch {

    private static final int WINDOW_BYTES = 1 << 20;

    private final Segment segment;
    private final CRC32C crc = new CRC32C();
    private final byte[] window = new byte[WINDOW_BYTES];

    /// Judges a whole record.
    private interface Criterion {
        boolean isMet(byte[] record);
    }

    private RecordSearch(Segment segment) {
        this.segment = segment;
    }

    /// True if there is any whole record.
    static boolean findsAny(Segment segment) throws IOException {
        return new RecordSearch(segment).finds(0, Beginning.OF_ANY, record -> true);
    }

    /// True if what stands at `from` was synced once, since a later record says so.
    static boolean wasSynced(Segment segment, int from) throws IOException {
        byte[] header = new byte[Frame.BYTES];
        segment.file.read(ByteBuffer.wrap(header), 0);
        int checksum = Frame.checksumOf(header, 0);
        return new RecordSearch(segment)
                .finds(from + 1, Beginning.OF_MARK, record -> Input.intAt(record, Frame.BYTES) == checksum);
    }

    /// What is worth reading as a record: payloads, of earlier segments too, can look like the beginnings of many.
    private enum Beginning {
        OF_ANY,
        OF_MARK;

        private boolean isAt(byte[] window, int at) {
            return this == OF_ANY || (window[at + 12] == Frame.SYNCED && Input.intAt(window, at) == Frame.MARK_BYTES);
        }
    }

    private boolean finds(long begin, Beginning beginning, Criterion criterion) throws IOException {
        long size = segment.file.size();
        for (long from = begin; from + Frame.BYTES <= size; from += WINDOW_BYTES - Frame.BYTES + 1) {
            int read = segment.file.read(ByteBuffer.wrap(window), from);
            for (int i = 0; i + Frame.BYTES <= read; i++) {
                if (Input.intAt(window, i + 8) == segment.number
                        && beginning.isAt(window, i)
                        && isMetAt(i, from + i, size, criterion)) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean isMetAt(int at, long offset, long size, Criterion criterion) throws IOException {
        int length = Input.intAt(window, at);
        if (!Frame.isLengthPlausible(length) || offset + length > size) {
            return false;
        }
        byte[] record = new byte[length];
        segment.file.read(ByteBuffer.wrap(record), offset);
        return Frame.isWhole(record, 0, segment.number, crc) && criterion.isMet(record);
    }
}
