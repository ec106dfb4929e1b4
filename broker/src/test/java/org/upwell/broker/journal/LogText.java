// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/// A log as text, for whoever must find out why a test failed.
final class LogText {

    private LogText() {}

    static String of(Directory directory) {
        try {
            StringBuilder text = new StringBuilder("log " + directory.list());
            for (int number : Loader.segmentNumbers(new HashSet<>(directory.list()))) {
                SegmentCursor cursor = new SegmentCursor(directory.open(Segment.name(number)), number, 1 << 16);
                while (cursor.next()) {
                    text.append("\n")
                            .append(number)
                            .append(" ")
                            .append(cursor.offset())
                            .append(" ");
                    text.append(line(cursor));
                }
                text.append("\n")
                        .append(number)
                        .append(cursor.isSealed() ? " sealed " : " ends ")
                        .append(cursor.end());
            }
            return text.toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String line(SegmentCursor cursor) {
        Input in = cursor.body();
        return switch (cursor.kind()) {
            case Frame.MESSAGE, Frame.SPLIT_MESSAGE -> message(in, cursor.kind());
            case Frame.MORE_TARGETS, Frame.MOVED, Frame.REQUEUED -> queues(in, cursor.kind());
            case Frame.STEPS -> steps(in);
            case Frame.CLEARED ->
                "cleared " + in.getString() + " " + in.getVarint() + " " + in.getVarint() + " " + in.getVarint();
            case Frame.SESSION, Frame.SNAPSHOT, Frame.GROUP, Frame.REMOVED, Frame.CLEANED ->
                "kind " + cursor.kind() + " of " + in.getVarint();
            default -> "kind " + cursor.kind();
        };
    }

    private static String message(Input in, int kind) {
        MessageHead head = new MessageHead();
        head.read(in, kind);
        return "message " + head.sequence + " flags " + head.flags + " publisher " + head.publisher + " "
                + targets(head.targets) + " followers " + head.followers + " " + in.getString();
    }

    private static String queues(Input in, int kind) {
        String text = "kind " + kind + " message " + in.getVarint();
        text += kind == Frame.MORE_TARGETS ? "" : " in " + in.getVarint();
        text += kind == Frame.MOVED ? " from " + in.getVarint() : "";
        text += kind == Frame.REQUEUED ? " at " + in.getVarint() + " bytes " + in.getVarint() : "";
        List<MessageHead.Target> targets = new ArrayList<>();
        MessageHead.readTargets(in, targets);
        return text + targets(targets);
    }

    private static String steps(Input in) {
        StringBuilder text = new StringBuilder("steps");
        Steps.read(
                in,
                (kind, session, sequence, segment, packetId) -> text.append(
                        " [kind " + kind + " session " + session + " message " + sequence + " in " + segment + "]"));
        return text.toString();
    }

    private static String targets(List<MessageHead.Target> targets) {
        StringBuilder text = new StringBuilder();
        targets.forEach(each -> text.append(" [" + each.queue().session() + " qos "
                + each.queue().qos() + " packet " + each.packetId() + " " + each.received() + "]"));
        return text.toString();
    }
}
