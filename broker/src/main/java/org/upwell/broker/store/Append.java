// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

import java.util.List;
import org.upwell.broker.message.Message;

/// One accepted message with all that its acceptance means, kept or lost as one.
///
/// @param targets the persistent sessions whose queues it enters
/// @param retained true if it takes its topic's retained place (an empty payload clears that)
/// @param publisher number of the publisher's session, 0 if its packet id need not be kept
/// @param packetId the publisher's packet id at QoS 2, else 0
public record Append(Message message, List<QueueTarget> targets, boolean retained, long publisher, int packetId) {

    public Append {
        targets = List.copyOf(targets);
    }
}
