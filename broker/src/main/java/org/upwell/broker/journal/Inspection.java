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

    /// What a repair leaves out of the numbers that are given: the record of some that were may be lost.
    private static final long SKIPPED_NUMBERS = 1L << 24;
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
            Loader loader = new Loader(directory, state, replay);
            try {
                loader.read();
            } finally {
                loader.giveUp();
            }
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
                boolean isLast = i == numbers.size() - 1;
                Survey survey = new Survey(directory, names, segment, isLast);
                segment.end = survey.end();
                segments++;
                records += survey.records();
                bytes += segment.end;
                int before = problems.size();
                tell(segment, survey, isLast);
                if (isRepair && problems.size() > before) {
                    mend(directory, segment, survey);
                }
            }
        }
    }

    private void tell(Segment segment, Survey survey, boolean isLast) throws IOException {
        if (survey.records() == 0) {
            if (!isLast || RecordSearch.findsAny(segment)) {
                problems.add(segment + " has no header");
            }
            return;
        }
        for (Survey.Gap each : survey.gaps()) {
            problems.add(segment + " is damaged from byte " + each.from() + " to " + each.to() + ": " + each.lost());
        }
        if (!survey.isSealed() && !survey.isTorn()) {
            problems.add(segment + " is damaged at byte " + segment.end + " of " + segment.sizeBytes + ", after "
                    + survey.records() + " records: what is behind that cannot be read");
        }
    }

    private void mend(Directory directory, Segment segment, Survey survey) throws IOException {
        String name = Segment.name(segment.number);
        String aside = ASIDE + name;
        if (names.contains(aside)) {
            throw new StoreException(aside + " is there already: move what an earlier repair kept out of " + path);
        }
        if (names.contains(Segment.hintName(segment.number))) {
            directory.delete(Segment.hintName(segment.number));
            // Before anything is changed: a hint is believed, and this one tells of records that will be gone.
            directory.force();
        }
        if (segment.end == 0) {
            directory.rename(name, aside);
            actions.add(name + " is left out, and kept as " + aside);
        } else {
            copy(directory, segment, aside);
            for (Survey.Gap each : survey.gaps()) {
                Log.fill(segment, each.from(), each.to());
                actions.add(name + " is read without bytes " + each.from() + " to " + each.to());
            }
            if (!survey.isSealed() && !survey.isTorn()) {
                Log.seal(segment);
                segment.file.truncate(segment.end);
                actions.add(name + " is cut at byte " + (segment.end - Frame.BYTES));
            }
            segment.file.force();
            actions.add(name + " is kept as it was as " + aside);
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
        Loader loader = new Loader(directory, state, replay);
        try {
            loader.readAll(false, isStrict);
            return replay;
        } catch (StoreException e) {
            problems.add(String.valueOf(e.getMessage()));
            return null;
        } finally {
            loader.giveUp();
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
                () -> replay.reservedSequences + SKIPPED_NUMBERS,
                () -> replay.nextNumber + SKIPPED_NUMBERS);
        log.open(loader.lastNumber());
        log.close();
        actions.add("what is left is the journal from now on");
        close(state);
    }
}
