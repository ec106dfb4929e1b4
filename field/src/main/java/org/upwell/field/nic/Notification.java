// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

/// One thing a device has to say, on its way to the gateway. It keeps its numbers through every repeat, so that the
/// gateway can drop what it has already.
///
/// @param boot restarts of the NIC, so that a sequence that starts again is not taken for a repeat
/// @param sequence counts notifications of one boot, over all URIs
/// @param contentFormat -1 for none
@SuppressWarnings("ArrayRecordComponent") // never compared by value; told apart by boot and sequence
public record Notification(
        long boot,
        long sequence,
        BubbleUpClass kind,
        String uri,
        int contentFormat,
        boolean confirmable,
        byte[] payload) {
    boolean hasNumbersOf(Notification other) {
        return boot == other.boot && sequence == other.sequence;
    }
}
