// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/// A directory in memory that knows what a disk knows: which pages of which files and which names would survive a
/// power cut. One planned fault happens at a chosen operation. One thread.
///
/// A kill keeps everything written. A power cut keeps what was synced, any of the other pages, each old or new, and
/// of the names changed since the directory was synced the first few. A failed sync loses any of the pages for good
/// and forgets that they were to be written, as Linux does.
final class FaultyDirectory implements Directory {

    enum Fault {
        NONE,
        KILL,
        POWER_CUT,
        WRITE_FAILS,
        SYNC_FAILS
    }

    /// The process ends here.
    static final class Crash extends Error {
        private static final long serialVersionUID = 1L;

        Crash() {
            super("planned", null, false, false);
        }
    }

    private static final class Inode {
        private byte[] current = {};
        private int size;
        private byte[] durable = {};
        private int durableSize;
        private final BitSet dirty = new BitSet();
    }

    private interface NameChange {
        void apply(Map<String, Inode> names);
    }

    private final Random random;
    private final int pageBytes;
    private final Map<String, Inode> names = new TreeMap<>();
    private final Map<String, Inode> durableNames = new TreeMap<>();
    private final List<NameChange> unsyncedChanges = new ArrayList<>();

    private Fault planned = Fault.NONE;
    private int operationsLeft;
    private boolean isOver;
    private boolean isBroken;
    private long quotaBytes = Long.MAX_VALUE;
    private long largestBytes;
    private int openFiles;

    FaultyDirectory(Random random) {
        this.random = random;
        this.pageBytes = random.nextBoolean() ? 512 : 4096;
    }

    /// Lets the fault happen at that many operations from now.
    void plan(Fault fault, int afterOperations) {
        planned = fault;
        operationsLeft = afterOperations;
    }

    void quota(long bytes) {
        quotaBytes = bytes;
    }

    /// Files that were opened and not closed.
    int openFiles() {
        return openFiles;
    }

    /// The most that all files together ever had.
    long largestBytes() {
        return largestBytes;
    }

    /// True if a write or sync failed.
    boolean isBroken() {
        return isBroken;
    }

    // ---- The end of a process ------------------------------------------------------------------------------------

    /// What the next process finds.
    void restart(boolean isPowerCut) {
        isOver = false;
        isBroken = false;
        planned = Fault.NONE;
        if (isPowerCut) {
            loseNames();
            names.values().forEach(this::losePages);
        }
    }

    private void loseNames() {
        int kept = random.nextInt(unsyncedChanges.size() + 1);
        for (int i = 0; i < kept; i++) {
            unsyncedChanges.get(i).apply(durableNames);
        }
        unsyncedChanges.clear();
        names.clear();
        names.putAll(durableNames);
    }

    private void losePages(Inode inode) {
        int size = inode.size == inode.durableSize
                ? inode.size
                : Math.min(inode.size, inode.durableSize)
                        + random.nextInt(Math.abs(inode.size - inode.durableSize) + 1);
        byte[] left = Arrays.copyOf(inode.durable, Math.max(size, 16));
        Arrays.fill(left, Math.min(inode.durableSize, left.length), left.length, (byte) 0);
        boolean keepsMost = random.nextBoolean();
        for (int page = inode.dirty.nextSetBit(0); page >= 0; page = inode.dirty.nextSetBit(page + 1)) {
            if (keepsMost ? random.nextInt(8) > 0 : random.nextInt(3) == 0) {
                int from = page * pageBytes;
                int to = Math.min(Math.min(from + pageBytes, inode.size), size);
                if (from < to) {
                    System.arraycopy(inode.current, from, left, from, to - from);
                }
            }
        }
        inode.current = left;
        inode.size = size;
        settle(inode);
    }

    private static void settle(Inode inode) {
        inode.durable = inode.current.clone();
        inode.durableSize = inode.size;
        inode.dirty.clear();
    }

    /// Takes over what is to be written, and only that: what a sync that failed forgot stays lost.
    private void sync(Inode inode) {
        if (inode.durable.length < inode.current.length) {
            inode.durable = Arrays.copyOf(inode.durable, inode.current.length);
        }
        if (inode.size < inode.durableSize) {
            Arrays.fill(inode.durable, inode.size, inode.durableSize, (byte) 0);
        }
        for (int page = inode.dirty.nextSetBit(0); page >= 0; page = inode.dirty.nextSetBit(page + 1)) {
            int from = page * pageBytes;
            int to = Math.min(from + pageBytes, inode.size);
            if (from < to) {
                System.arraycopy(inode.current, from, inode.durable, from, to - from);
            }
        }
        inode.durableSize = inode.size;
        inode.dirty.clear();
    }

    /// Counts an operation, and lets the planned fault happen if it is its turn.
    ///
    /// @return true if this operation is to fail
    private boolean step(Fault failing) {
        if (isOver) {
            throw new Crash();
        }
        if (planned == Fault.NONE || --operationsLeft > 0) {
            return false;
        }
        if (planned == Fault.KILL || planned == Fault.POWER_CUT) {
            isOver = true;
            return true;
        }
        if (planned == failing) {
            planned = Fault.NONE;
            isBroken = true;
            return true;
        }
        return false;
    }

    private void plainStep() {
        if (step(Fault.NONE)) {
            throw new Crash();
        }
    }

    // ---- Names ---------------------------------------------------------------------------------------------------

    private void change(NameChange change) {
        change.apply(names);
        unsyncedChanges.add(change);
    }

    @Override
    public List<String> list() {
        return List.copyOf(names.keySet());
    }

    @Override
    public DiskFile create(String name) throws IOException {
        plainStep();
        if (names.containsKey(name)) {
            throw new IOException(name + " exists");
        }
        Inode inode = new Inode();
        change(map -> map.put(name, inode));
        return new FaultyFile(inode);
    }

    private Inode inode(String name) throws IOException {
        Inode inode = names.get(name);
        if (inode == null) {
            throw new FileNotFoundException(name);
        }
        return inode;
    }

    @Override
    public DiskFile open(String name) throws IOException {
        return new FaultyFile(inode(name));
    }

    @Override
    public void delete(String name) throws IOException {
        plainStep();
        inode(name);
        change(map -> map.remove(name));
    }

    @Override
    public void rename(String from, String to) throws IOException {
        plainStep();
        Inode inode = inode(from);
        if (names.containsKey(to)) {
            throw new IOException(to + " exists");
        }
        change(map -> {
            map.remove(from);
            map.put(to, inode);
        });
    }

    @Override
    public void force() throws IOException {
        if (step(Fault.SYNC_FAILS)) {
            if (isOver) {
                throw new Crash();
            }
            throw new IOException("planned failure of a directory's sync");
        }
        unsyncedChanges.forEach(each -> each.apply(durableNames));
        unsyncedChanges.clear();
    }

    @Override
    public long usableBytes() {
        return quotaBytes - usedBytes();
    }

    private long usedBytes() {
        return names.values().stream().mapToLong(each -> each.size).sum();
    }

    @Override
    public void close() {
        // Nothing is locked.
    }

    // ---- Files ---------------------------------------------------------------------------------------------------

    private final class FaultyFile implements DiskFile {
        private final Inode inode;

        private FaultyFile(Inode inode) {
            this.inode = inode;
            openFiles++;
        }

        @Override
        public int read(ByteBuffer into, long position) {
            if (isOver) {
                throw new Crash();
            }
            int count = (int) Math.max(0, Math.min(into.remaining(), inode.size - position));
            into.put(inode.current, (int) position, count);
            return count;
        }

        @Override
        public void write(ByteBuffer from, long position) throws IOException {
            boolean fails = step(Fault.WRITE_FAILS);
            int length = from.remaining();
            int end = (int) position + length;
            if (!fails && end > inode.size && usableBytes() < end - inode.size) {
                throw new IOException("No space left on device");
            }
            if (fails) {
                length = random.nextInt(length + 1);
                end = (int) position + length;
            }
            if (end > inode.current.length) {
                inode.current = Arrays.copyOf(inode.current, Math.max(end, inode.current.length * 2));
            }
            from.get(inode.current, (int) position, length);
            if (length > 0) {
                inode.dirty.set((int) position / pageBytes, (end - 1) / pageBytes + 1);
                inode.size = Math.max(inode.size, end);
                largestBytes = Math.max(largestBytes, usedBytes());
            }
            if (fails) {
                if (isOver) {
                    throw new Crash();
                }
                throw new IOException("planned failure of a write");
            }
        }

        @Override
        public void force() throws IOException {
            if (step(Fault.SYNC_FAILS)) {
                if (isOver) {
                    throw new Crash();
                }
                // The page cache shows what was written; the disk has some of it; nobody will write the rest.
                byte[] seen = inode.current.clone();
                int size = inode.size;
                losePages(inode);
                inode.current = seen;
                inode.size = size;
                throw new IOException("planned failure of a sync");
            }
            sync(inode);
        }

        @Override
        public long size() {
            return inode.size;
        }

        @Override
        public void truncate(long size) {
            plainStep();
            if (size < inode.size) {
                // What lies behind the end reads as zeros should the file grow again.
                Arrays.fill(inode.current, (int) size, inode.size, (byte) 0);
                inode.size = (int) size;
            }
        }

        @Override
        public void close() {
            openFiles--;
        }
    }
}
