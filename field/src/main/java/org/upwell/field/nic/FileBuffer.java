// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A buffer that outlives the process: one append-only file of records, each with length and checksum. Owned by the
/// NIC's loop.
///
/// 1. A record *added* is forced to disk before the sensor's copy is cleared by DISC; *removed* is not forced, since a
///    repeat after a crash is dropped by the gateway.
/// 2. The file is cut to nothing whenever the buffer is empty, and rewritten when most of it is dead.
/// 3. Reading stops at the first torn record, which can only be the last one written.
final class FileBuffer implements NotificationBuffer {
    private static final Logger LOG = LoggerFactory.getLogger(FileBuffer.class);
    private static final int HEADER_BYTES = 8;
    private static final int MAX_RECORD_BYTES = 1 << 16;
    private static final byte ADDED = 1;
    private static final byte REMOVED = 2;
    private static final int DEAD_BEFORE_REWRITE = 1_000;

    private final Path file;
    private final MemoryBuffer memory;
    private FileChannel channel;
    private int dead;

    private FileBuffer(Path file, FileChannel channel, int limit) {
        this.file = file;
        this.channel = channel;
        this.memory = new MemoryBuffer(limit);
    }

    static FileBuffer open(Path file, int limit) throws IOException {
        FileBuffer buffer = new FileBuffer(file, open(file), limit);
        try {
            buffer.read();
            buffer.rewrite();
            return buffer;
        } catch (IOException e) {
            buffer.close();
            throw e;
        }
    }

    private static FileChannel open(Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    @Override
    public @Nullable Notification add(Notification notification) {
        try {
            ByteArrayOutputStream records = new ByteArrayOutputStream();
            records.writeBytes(record(notification));
            if (memory.isFull()) {
                records.writeBytes(removal());
            }
            append(records.toByteArray(), true);
        } catch (IOException e) {
            throw new UncheckedIOException("the buffer cannot be written", e);
        }
        Notification dropped = memory.add(notification);
        dead += dropped == null ? 0 : 1;
        return dropped;
    }

    @Override
    public @Nullable Notification first() {
        return memory.first();
    }

    @Override
    public void removeFirst() {
        memory.removeFirst();
        dead++;
        try {
            if (memory.size() == 0) {
                channel.truncate(0);
                dead = 0;
            } else if (dead > DEAD_BEFORE_REWRITE && dead > memory.size()) {
                rewrite();
            } else {
                append(removal(), false);
            }
        } catch (IOException e) {
            // It is acknowledged all the same: after a restart it is sent once more, and the gateway drops it.
            LOG.warn("{}: a removal cannot be written: {}", file, e.getMessage());
        }
    }

    @Override
    public int size() {
        return memory.size();
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.debug("buffer did not close cleanly", e);
        }
    }

    private void rewrite() throws IOException {
        // The old file stands until the new one is on disk: a crash leaves repeats, never gaps.
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (Notification notification : memory.all()) {
            all.writeBytes(record(notification));
        }
        FileChannel next = open(fresh);
        try {
            next.truncate(0);
            write(next, all.toByteArray());
            next.force(true);
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            next.close();
            throw e;
        }
        FileChannel former = channel;
        channel = next;
        dead = 0;
        former.close();
    }

    /// All or nothing: what a full disk took half of would hide every later record from reading.
    private void append(byte[] bytes, boolean forced) throws IOException {
        long size = channel.size();
        try {
            write(channel, bytes);
            if (forced) {
                channel.force(false);
            }
        } catch (IOException e) {
            try {
                channel.truncate(size);
            } catch (IOException again) {
                e.addSuppressed(again);
            }
            throw e;
        }
    }

    private static void write(FileChannel channel, byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        channel.position(channel.size());
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    private void read() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(channel.size(), Integer.MAX_VALUE));
        while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
            // Until all is read.
        }
        bytes.flip();
        while (bytes.remaining() >= HEADER_BYTES) {
            int length = bytes.getInt();
            int checksum = bytes.getInt();
            if (length < 1 || length > MAX_RECORD_BYTES || length > bytes.remaining()) {
                break;
            }
            byte[] body = new byte[length];
            bytes.get(body);
            if (checksum(body) != checksum) {
                break;
            }
            apply(ByteBuffer.wrap(body));
        }
        if (bytes.hasRemaining()) {
            LOG.warn("{}: the last record is torn and left out", file);
        }
    }

    private void apply(ByteBuffer body) {
        if (body.get() == REMOVED) {
            memory.removeFirst();
            return;
        }
        long boot = body.getLong();
        long sequence = body.getLong();
        BubbleUpClass kind = body.get() == 0 ? BubbleUpClass.READ : BubbleUpClass.ALERT;
        boolean confirmable = body.get() == 1;
        int contentFormat = body.getInt();
        byte[] uri = new byte[body.getInt()];
        body.get(uri);
        byte[] payload = new byte[body.remaining()];
        body.get(payload);
        memory.restore(new Notification(
                boot, sequence, kind, new String(uri, StandardCharsets.UTF_8), contentFormat, confirmable, payload));
    }

    private static byte[] record(Notification notification) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(body);
        out.writeByte(ADDED);
        out.writeLong(notification.boot());
        out.writeLong(notification.sequence());
        out.writeByte(notification.kind() == BubbleUpClass.READ ? 0 : 1);
        out.writeByte(notification.confirmable() ? 1 : 0);
        out.writeInt(notification.contentFormat());
        byte[] uri = notification.uri().getBytes(StandardCharsets.UTF_8);
        out.writeInt(uri.length);
        out.write(uri);
        out.write(notification.payload());
        return framed(body.toByteArray());
    }

    private static byte[] removal() {
        return framed(new byte[] {REMOVED});
    }

    private static byte[] framed(byte[] body) {
        return ByteBuffer.allocate(HEADER_BYTES + body.length)
                .putInt(body.length)
                .putInt(checksum(body))
                .put(body)
                .array();
    }

    private static int checksum(byte[] body) {
        CRC32C checksum = new CRC32C();
        checksum.update(body);
        return (int) checksum.getValue();
    }
}
