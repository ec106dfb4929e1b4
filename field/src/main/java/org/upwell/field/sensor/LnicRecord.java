// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.sensor;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// One record of type `lnic`, whose data are such records one after another, big-endian: epoch (u32), sequence (u32),
/// length (u16, of what follows the padding), padding (u16), record type (u8), then fields.
///
/// @param recordType 0 to 255
public record LnicRecord(long epochSeconds, long sequence, int recordType, List<Field> fields) {
    private static final long MAX_U32 = 0xFFFF_FFFFL;
    private static final int HEADER_BYTES = 12;
    private static final int FIELD_HEADER_BYTES = 3;

    /// One field: tag (u16), length (u8), value.
    ///
    /// @param value at most 255 bytes; not to be changed
    @SuppressWarnings("ArrayRecordComponent") // compared by content below
    public record Field(int tag, byte[] value) {
        public Field {
            if (tag < 0 || tag > 0xFFFF || value.length > 0xFF) {
                throw new IllegalArgumentException("a tag has 16 bits and a value at most 255 bytes");
            }
        }

        /// A value of four bytes.
        public static Field uint32(int tag, long value) {
            return new Field(tag, ByteBuffer.allocate(4).putInt((int) value).array());
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Field field && tag == field.tag && Arrays.equals(value, field.value);
        }

        @Override
        public int hashCode() {
            return 31 * tag + Arrays.hashCode(value);
        }
    }

    public LnicRecord {
        fields = List.copyOf(fields);
        if ((epochSeconds | sequence) < 0 || epochSeconds > MAX_U32 || sequence > MAX_U32) {
            throw new IllegalArgumentException("epoch and sequence have 32 bits");
        }
        if (recordType < 0 || recordType > 0xFF) {
            throw new IllegalArgumentException("a record type has 8 bits");
        }
    }

    public static byte[] encode(List<LnicRecord> records) {
        ByteBuffer out =
                ByteBuffer.allocate(records.stream().mapToInt(LnicRecord::bytes).sum());
        for (LnicRecord each : records) {
            out.putInt((int) each.epochSeconds)
                    .putInt((int) each.sequence)
                    .putShort((short) (each.bytes() - HEADER_BYTES))
                    .putShort((short) 0)
                    .put((byte) each.recordType);
            for (Field field : each.fields) {
                out.putShort((short) field.tag).put((byte) field.value.length).put(field.value);
            }
        }
        return out.array();
    }

    /// Empty when the data are of another form; the padding may be anything.
    public static Optional<List<LnicRecord>> decode(byte[] data) {
        List<LnicRecord> records = new ArrayList<>();
        ByteBuffer in = ByteBuffer.wrap(data);
        while (in.hasRemaining()) {
            if (in.remaining() <= HEADER_BYTES) {
                return Optional.empty();
            }
            long epochSeconds = Integer.toUnsignedLong(in.getInt());
            long sequence = Integer.toUnsignedLong(in.getInt());
            int length = Short.toUnsignedInt(in.getShort());
            in.getShort();
            if (length < 1 || length > in.remaining()) {
                return Optional.empty();
            }
            int recordType = Byte.toUnsignedInt(in.get());
            Optional<List<Field>> fields = fields(in.slice(in.position(), length - 1));
            if (fields.isEmpty()) {
                return Optional.empty();
            }
            in.position(in.position() + length - 1);
            records.add(new LnicRecord(epochSeconds, sequence, recordType, fields.get()));
        }
        return Optional.of(records);
    }

    private static Optional<List<Field>> fields(ByteBuffer in) {
        List<Field> fields = new ArrayList<>();
        while (in.hasRemaining()) {
            if (in.remaining() < FIELD_HEADER_BYTES) {
                return Optional.empty();
            }
            int tag = Short.toUnsignedInt(in.getShort());
            byte[] value = new byte[Byte.toUnsignedInt(in.get())];
            if (value.length > in.remaining()) {
                return Optional.empty();
            }
            in.get(value);
            fields.add(new Field(tag, value));
        }
        return Optional.of(fields);
    }

    private int bytes() {
        return HEADER_BYTES
                + 1
                + fields.stream()
                        .mapToInt(field -> FIELD_HEADER_BYTES + field.value.length)
                        .sum();
    }
}
