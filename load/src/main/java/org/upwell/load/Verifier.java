// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

/// Judges every message that arrives by its stream and number. For one thread.
sealed interface Verifier permits EverySubscriber, OneOfGroup {

    /// @return whether the message is new to whom it counts for, and not a repetition
    boolean accept(int subscriber, int stream, long sequence);

    /// Messages that count as delivered: repetitions do not.
    long distinct();

    long duplicated();

    long outOfOrder();
}
