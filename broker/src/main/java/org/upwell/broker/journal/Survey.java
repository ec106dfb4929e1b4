// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/// One segment as far as it can be read: its whole records, the damage between them, and where it ends. Changes
/// nothing. One thread.
///
/// Behind damage reading goes on only where a record is known to begin: by the length of the damaged one, or by the
/// segment's hint. Never by looking for what looks like a record: a payload could be made to.
final class Survey {

    private static final int WINDOW_BYTES = 4 << 20;
    private static final int MOST_NAMED = 20;
    private static final int MOST_STEPS = 1_000;

    /// Bytes from one record to another without a whole record between.
    ///
    /// @param lost what is known to have been there
    record Gap(int from, int to, String lost) {}

    private final Segment segment;
    private final SegmentCursor cursor;
    /// By offset, what the hint says of each record.
    private final TreeMap<Integer, String> hinted = new TreeMap<>();
    private final List<Gap> gaps = new ArrayList<>();
    private long records;
    private boolean isTorn;

    /// @param isLast true for the newest segment, which may end in something torn
    Survey(Directory directory, Set<String> names, Segment segment, boolean isLast) throws IOException {
        this.segment = segment;
        this.cursor = new SegmentCursor(segment.file, segment.number, WINDOW_BYTES);
        readWhole();
        if (cursor.isSealed()) {
            return;
        }
        Output hint = Hints.load(directory, names, segment);
        if (hint != null) {
            Hints.visit(hint, (kind, body, offset, length) -> hinted.put(offset, text(kind, body)));
        }
        isTorn = isLast && records > 0 && !RecordSearch.wasSynced(segment, cursor.end());
        while (!cursor.isSealed() && !isTorn) {
            int from = cursor.end();
            int to = goOn(from);
            if (to < 0) {
                break;
            }
            gaps.add(new Gap(from, to, lost(from, to)));
            cursor.goOn(to);
            readWhole();
            isTorn = isLast && !cursor.isSealed() && !RecordSearch.wasSynced(segment, cursor.end());
        }
    }

    private void readWhole() throws IOException {
        while (cursor.next()) {
            records++;
        }
    }

    /// Where the next whole record begins, or -1 if that cannot be told.
    private int goOn(int from) throws IOException {
        int at = from;
        for (int steps = 0; steps < MOST_STEPS; steps++) {
            int length = cursor.lengthOf(at);
            if (!Frame.isLengthPlausible(length) || at + (long) length > segment.sizeBytes) {
                break;
            }
            at += length;
            if (cursor.isBeginning(at)) {
                return at;
            }
        }
        for (int offset : hinted.tailMap(from, false).keySet()) {
            if (cursor.isBeginning(offset)) {
                return offset;
            }
        }
        return -1;
    }

    private static String text(int kind, Input body) {
        if (kind != Frame.MESSAGE && kind != Frame.SPLIT_MESSAGE) {
            return "";
        }
        MessageHead head = new MessageHead();
        head.readShort(body, kind);
        return String.valueOf(head.sequence);
    }

    private String lost(int from, int to) {
        if (hinted.isEmpty()) {
            return "what is lost there is not known";
        }
        List<String> messages = new ArrayList<>();
        int others = 0;
        for (String each : hinted.subMap(from, to).values()) {
            if (each.isEmpty()) {
                others++;
            } else {
                messages.add(each);
            }
        }
        String named = String.join(", ", messages.subList(0, Math.min(messages.size(), MOST_NAMED)));
        return "lost are " + messages.size() + " messages" + (named.isEmpty() ? "" : " (" + named + ")")
                + (messages.size() > MOST_NAMED ? " and so on" : "") + " and " + others + " other records";
    }

    long records() {
        return records;
    }

    List<Gap> gaps() {
        return gaps;
    }

    /// Where reading ends.
    int end() {
        return cursor.end();
    }

    boolean isSealed() {
        return cursor.isSealed();
    }

    /// True if it ends in something that was being written when its process ended, as the newest may.
    boolean isTorn() {
        return isTorn;
    }
}
