// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.util.List;

/// Writes a message to the log: one record, and further ones that stand and fall with it if it enters very many
/// queues. Owned by the writer thread.
final class MessageWriter {

    private final Log log;
    private final int targetsPerRecord;
    private int length;

    /// Writes topic, payload and properties.
    interface Content {
        void write(Output out);
    }

    MessageWriter(Log log, Tuning tuning) {
        this.log = log;
        this.targetsPerRecord = tuning.targetsPerRecord();
    }

    /// @param targets in rising order of session
    /// @return segment and offset
    long write(MessageHead head, List<MessageHead.Target> targets, Content content) throws IOException {
        int inFirst = Math.min(targets.size(), targetsPerRecord);
        head.followers = (targets.size() - inFirst + targetsPerRecord - 1) / targetsPerRecord;
        int kind = head.followers == 0 ? Frame.MESSAGE : Frame.SPLIT_MESSAGE;
        int start = log.position();
        Output out = log.begin(kind);
        head.write(out, kind);
        MessageHead.writeTargets(out, targets, 0, inFirst);
        content.write(out);
        log.endOne(start);
        for (int from = inFirst; from < targets.size(); from += targetsPerRecord) {
            int next = log.position();
            log.begin(Frame.MORE_TARGETS);
            out.putVarint(head.sequence);
            MessageHead.writeTargets(out, targets, from, Math.min(targets.size(), from + targetsPerRecord));
            log.endOne(next);
        }
        length = log.position() - start;
        return log.endAll(start);
    }

    /// Bytes of what was written last.
    int length() {
        return length;
    }
}
