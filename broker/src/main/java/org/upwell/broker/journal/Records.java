// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.upwell.broker.store.StoreException;

/// Reads single records whose place is known. Any thread, one at a time per object.
final class Records {

    private final CRC32C crc = new CRC32C();

    /// Reads a message's record with what follows it, and checks the first one.
    ///
    /// @return the bytes, the record's own length first
    byte[] read(Segment segment, int offset, int bytes) throws IOException {
        byte[] array = new byte[bytes];
        int read = segment.file.read(ByteBuffer.wrap(array), offset);
        check(segment, offset, array, 0, read);
        return array;
    }

    /// @throws StoreException if the bytes are not a whole record of the segment
    void check(Segment segment, int offset, byte[] array, int start, int available) {
        if (available < Frame.BYTES
                || !Frame.isLengthPlausible(Input.intAt(array, start))
                || Input.intAt(array, start) > available
                || !Frame.isWhole(array, start, segment.number, crc)) {
            throw damaged(segment, offset);
        }
    }

    static StoreException damaged(Segment segment, int offset) {
        return new StoreException("the journal is damaged in " + segment + " at byte " + offset
                + ": look at it with 'upwell store verify', mend it with 'upwell store repair'");
    }

    /// The queues that a message's record names, with those in the records that follow.
    List<MessageHead.Target> targets(Segment segment, int offset, int bytes) throws IOException {
        byte[] array = read(segment, offset, bytes);
        List<MessageHead.Target> targets = new ArrayList<>();
        for (int start = 0; start < bytes; start += Input.intAt(array, start)) {
            check(segment, offset + start, array, start, bytes - start);
            int kind = array[start + 12];
            Input body = new Input(array, start + Frame.BYTES, start + Input.intAt(array, start));
            if (kind == Frame.MORE_TARGETS) {
                body.getVarint();
                MessageHead.readTargets(body, targets);
            } else {
                MessageHead head = new MessageHead();
                head.read(body, kind);
                targets.addAll(head.targets);
            }
        }
        return targets;
    }
}
