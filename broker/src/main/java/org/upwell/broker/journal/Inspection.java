// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.store.StoreException;

/// Care for a journal that is not open: the lock is held meanwhile. Used by one thread.
final class Inspection {

    private static final int WINDOW_BYTES = 4 << 20;
    private static final String ASIDE = "damaged-";

    private final Path path;
    private final List<String> problems = new ArrayList<>();
    private final List<String> actions = new ArrayList<>();
    private final Set<String> names = new HashSet<>();
    private int segments;
    private long records;
    private long bytes;

    Inspection(Path path) {
        this.path = path;
    }

    JournalReport verify() {
        return run(directory -> {
            look(directory, false);
            if (problems.isEmpty()) {
                fold(directory, true);
            }
        });
    }

    JournalReport repair() {
        return run(directory -> {
            look(directory, true);
            if (problems.isEmpty()) {
                fold(directory, true);
            }
            if (!problems.isEmpty()) {
                adopt(directory);
            }
        });
    }

    JournalStat stat() {
        try (Directory directory = directory()) {
            JournalState state = new JournalState();
            Replay replay = new Replay(state);
            new Loader(directory, state, replay).read();
            close(state);
            return new JournalStat(
                    state.segments.count(),
                    state.segments.totalBytes(),
                    state.segments.liveBytes(),
                    state.messages.size(),
                    state.count(),
                    state.places.size(),
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0);
        } catch (IOException e) {
            throw new StoreException("the journal in " + path + " cannot be read: " + e, e);
        }
    }

    private interface Task {
        void run(Directory directory) throws IOException;
    }

    private JournalReport run(Task task) {
        try (Directory directory = directory()) {
            names.addAll(directory.list());
            task.run(directory);
            return new JournalReport(segments, records, bytes, problems, actions);
        } catch (IOException e) {
            throw new StoreException("the journal in " + path + " cannot be inspected: " + e, e);
        }
    }

    private Directory directory() {
        if (!Files.isDirectory(path)) {
            throw new StoreException("there is no journal in " + path);
        }
        return SystemDirectory.open(path);
    }

    /// Reads every byte of every segment.
    private void look(Directory directory, boolean isRepair) throws IOException {
        List<Integer> numbers = Loader.segmentNumbers(names);
        for (int i = 0; i < numbers.size(); i++) {
            int number = numbers.get(i);
            try (DiskFile file = directory.open(Segment.name(number))) {
                Segment segment = new Segment(number, file, file.size());
                SegmentCursor cursor = new SegmentCursor(file, number, WINDOW_BYTES);
                long before = records;
                while (cursor.next()) {
                    records++;
                }
                segment.end = cursor.end();
                segments++;
                bytes += segment.end;
                String problem = problem(segment, cursor, i == numbers.size() - 1, records - before);
                if (problem != null) {
                    problems.add(problem);
                    if (isRepair) {
                        mend(directory, segment);
                    }
                }
            }
        }
    }

    private static @Nullable String problem(Segment segment, SegmentCursor cursor, boolean isLast, long found)
            throws IOException {
        if (found == 0) {
            return isLast && !Loader.holdsRecord(segment) ? null : segment + " has no header";
        }
        if (isLast || cursor.isSealed()) {
            return null;
        }
        return segment + " is damaged at byte " + segment.end + " of " + segment.sizeBytes + ", after " + found
                + " records";
    }

    private void mend(Directory directory, Segment segment) throws IOException {
        String name = Segment.name(segment.number);
        String aside = ASIDE + name;
        if (names.contains(aside)) {
            throw new StoreException(aside + " is there already: move what an earlier repair kept out of " + path);
        }
        if (names.contains(Segment.hintName(segment.number))) {
            directory.delete(Segment.hintName(segment.number));
        }
        if (segment.end == 0) {
            directory.rename(name, aside);
            actions.add(name + " is left out, and kept as " + aside);
        } else {
            copy(directory, segment, aside);
            Log.seal(segment);
            segment.file.truncate(segment.end);
            segment.file.force();
            actions.add(name + " is cut at byte " + (segment.end - Frame.BYTES) + ", and kept whole as " + aside);
        }
        directory.force();
    }

    private static void copy(Directory directory, Segment segment, String to) throws IOException {
        try (DiskFile copy = directory.create(to)) {
            ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
            for (long at = 0; at < segment.sizeBytes; at += buffer.limit()) {
                buffer.clear();
                segment.file.read(buffer, at);
                buffer.flip();
                copy.write(buffer, at);
                if (buffer.limit() == 0) {
                    break;
                }
            }
            copy.force();
        }
    }

    /// Reads the log as a start would.
    private @Nullable Replay fold(Directory directory, boolean isStrict) throws IOException {
        JournalState state = new JournalState();
        Replay replay = new Replay(state);
        try {
            Loader loader = new Loader(directory, state, replay);
            loader.readAll(false, isStrict);
            return replay;
        } catch (StoreException e) {
            problems.add(String.valueOf(e.getMessage()));
            return null;
        } finally {
            close(state);
        }
    }

    private static void close(JournalState state) throws IOException {
        for (Segment each : state.segments.inOrder()) {
            each.file.close();
        }
    }

    /// Writes a header that names what is left, so that nothing is missed any more.
    private void adopt(Directory directory) throws IOException {
        JournalState state = new JournalState();
        Replay replay = new Replay(state);
        Loader loader = new Loader(directory, state, replay);
        loader.readAll(false, false);
        loader.putInOrder();
        JournalSettings settings =
                JournalSettings.of(path).withSegmentBytes(Math.max(JournalSettings.SMALLEST_SEGMENT_BYTES, 1 << 16));
        Spares spares = new Spares(directory, state.segments, settings, Tuning.DEFAULT);
        Log log = new Log(
                directory,
                state.segments,
                spares,
                settings,
                Tuning.DEFAULT,
                () -> replay.reservedSequences,
                () -> replay.nextNumber);
        log.open(loader.lastNumber());
        log.close();
        actions.add("what is left is the journal from now on");
        close(state);
    }
}
