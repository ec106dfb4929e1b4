// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.bridge;

import java.util.concurrent.CompletionStage;
import org.upwell.codec.ReasonCode;

/// Remembers which notifications were published, so that a device may send each as often as it must. Safe for all
/// threads.
public interface RepeatWindow {

    /// What a notification is to its window.
    sealed interface Claim {

        /// Not seen before: the caller publishes it and tells the window by [RepeatWindow#settle].
        record Fresh() implements Claim {}

        /// Being published by somebody else at this moment; `outcome` is theirs.
        record UnderWay(CompletionStage<ReasonCode> outcome) implements Claim {}

        /// Published before.
        record Done() implements Claim {}
    }

    /// Asks for the right to publish `id`; the right is given to one caller at a time.
    ///
    /// @param outcome what a repeat will wait for while this caller publishes
    Claim claim(NotificationId id, CompletionStage<ReasonCode> outcome);

    /// Ends a claim: published for good, or not published and free to be claimed again.
    void settle(NotificationId id, boolean published);
}
