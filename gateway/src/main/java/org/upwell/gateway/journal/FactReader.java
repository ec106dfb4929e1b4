// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.journal;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads a file of facts, and tells a write that was cut off from damage. Used by one thread, once; never writes.
///
/// The file: eight bytes of magic, then records of length, CRC-32C of the fact, fact; zeros to the end.
///
/// What is no whole record ends the file if nothing whole follows: the last write was cut off. It ends it, too, if
/// zeros stand where its bytes should be: a power cut lost those pages, and whole records behind them are of the
/// same writes, which nobody was told are synced. Else the file is damaged, and what follows the damage was
/// promised to be kept: that is refused, since going on would forget it without a word.
final class FactReader {

    static final byte[] MAGIC = "UPWFACT1".getBytes(StandardCharsets.US_ASCII);
    static final int RECORD_HEAD = 8;

    private static final Logger LOG = LoggerFactory.getLogger(FactReader.class);

    private static final int MAX_FACT_BYTES = 1 << 24;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    /// The least that a disk writes.
    private static final int SECTOR_BYTES = 512;

    /// So many zeros in a row are taken for missing; facts have a few of their own.
    private static final int MISSING_BYTES = 16;

    /// How much is summed up in search of a whole record, about a second's work.
    private static final long MAX_SEARCHED_BYTES = 1L << 32;

    private final Path file;
    private final CRC32C crc = new CRC32C();

    FactReader(Path file) {
        this.file = file;
    }

    /// True for what is left of a file whose very first write was cut off. Files are not made in place any more,
    /// but were.
    boolean isBarelyBegun() throws IOException {
        return Files.size(file) < MAGIC.length
                && Arrays.equals(Files.readAllBytes(file), Arrays.copyOf(MAGIC, (int) Files.size(file)));
    }

    /// Folds all facts.
    ///
    /// @return the position after the last whole record
    /// @throws IOException naming the file, and the byte at which it is damaged
    long read(FactFile.State state) throws IOException {
        long position = MAGIC.length;
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file), 1 << 16))) {
            if (!Arrays.equals(in.readNBytes(MAGIC.length), MAGIC)) {
                throw new IOException(file + " is not a file of facts that this version can read");
            }
            for (byte[] fact = next(in); fact != null; fact = next(in)) {
                try {
                    state.fold(ByteBuffer.wrap(fact));
                } catch (RuntimeException fault) {
                    throw new IOException(file + " holds a fact at byte " + position + " that makes no sense", fault);
                }
                position += RECORD_HEAD + fact.length;
            }
        }
        inspectRest(position);
        return position;
    }

    /// Null if no whole record follows.
    private byte @Nullable [] next(DataInputStream in) throws IOException {
        byte[] head = in.readNBytes(RECORD_HEAD);
        if (head.length < RECORD_HEAD) {
            return null;
        }
        ByteBuffer numbers = ByteBuffer.wrap(head);
        int length = numbers.getInt();
        if (length <= 0 || length > MAX_FACT_BYTES) {
            return null;
        }
        byte[] fact = in.readNBytes(length);
        return fact.length == length && sum(ByteBuffer.wrap(fact)) == numbers.getInt() ? fact : null;
    }

    private int sum(ByteBuffer fact) {
        crc.reset();
        crc.update(fact);
        return (int) crc.getValue();
    }

    private void inspectRest(long position) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
                Arena arena = Arena.ofConfined()) {
            long bytes = channel.size() - position;
            if (bytes <= 0) {
                return;
            }
            MemorySegment rest = channel.map(FileChannel.MapMode.READ_ONLY, position, bytes, arena);
            long used = used(rest);
            if (used == 0) {
                return;
            }
            long behind = wholeRecord(rest, used);
            if (behind >= 0 && !isMissing(rest, position, behind)) {
                throw new IOException(file + " is damaged at byte " + position + ", and whole facts follow at byte "
                        + (position + behind) + "; put it back from a backup, or cut it off at byte " + position
                        + " to go on without what follows");
            }
            LOG.warn("{}: the last write was cut off; its {} bytes from byte {} on are dropped", file, used, position);
        }
    }

    /// How much is not zeros to the end.
    private static long used(MemorySegment rest) {
        long end = rest.byteSize();
        while (end > 0 && rest.get(ValueLayout.JAVA_BYTE, end - 1) == 0) {
            end--;
        }
        return end;
    }

    /// True if zeros stand in place of the first record or of a part of it that is written at once: of its end, or
    /// from a sector's begin on. A record that claims the bytes of the next whole one lies about its length.
    private static boolean isMissing(MemorySegment rest, long position, long behind) {
        long length = rest.get(INT, 0);
        long end = RECORD_HEAD + length;
        if (length <= 0 || end > behind) {
            return length == 0;
        }
        if (isZeros(rest, end - MISSING_BYTES, end)) {
            return true;
        }
        for (long at = SECTOR_BYTES - position % SECTOR_BYTES; at < end; at += SECTOR_BYTES) {
            long to = Math.min(at + SECTOR_BYTES, end);
            if (to - at >= MISSING_BYTES && isZeros(rest, at, to)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isZeros(MemorySegment bytes, long from, long to) {
        if (from < RECORD_HEAD) {
            return false;
        }
        for (long at = from; at < to; at++) {
            if (bytes.get(ValueLayout.JAVA_BYTE, at) != 0) {
                return false;
            }
        }
        return true;
    }

    /// Where the next whole record begins, -1 if there is none.
    private long wholeRecord(MemorySegment rest, long used) {
        long searched = 0;
        for (long at = 1; at + RECORD_HEAD < used && searched < MAX_SEARCHED_BYTES; at++) {
            int length = rest.get(INT, at);
            if (length > 0 && length <= MAX_FACT_BYTES && at + RECORD_HEAD + length <= rest.byteSize()) {
                searched += length;
                ByteBuffer fact = rest.asSlice(at + RECORD_HEAD, length).asByteBuffer();
                if (sum(fact) == rest.get(INT, at + Integer.BYTES)) {
                    return at;
                }
            }
        }
        return -1;
    }
}
