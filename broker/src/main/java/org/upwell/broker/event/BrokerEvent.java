// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.event;

import org.jspecify.annotations.Nullable;
import org.upwell.broker.message.SessionKey;

/// Something that an operator, an auditor or an extension may want to know of. A peer's misbehaviour is one of
/// these and never a log line above debug, since peers could fill the disk with those. Texts that came from a peer
/// are cut.
public sealed interface BrokerEvent {

    /// A CONNECT was refused.
    ///
    /// @param tenant null if authentication did not get that far
    /// @param reason the reason code's name with the cause
    record ConnectionRefused(String listener, @Nullable String tenant, String clientId, String reason)
            implements BrokerEvent {}

    /// A session was opened or resumed.
    record SessionOpened(SessionKey session, boolean resumed) implements BrokerEvent {}

    /// A new connection took the session over from a live one.
    record SessionTakenOver(SessionKey session) implements BrokerEvent {}

    /// A connection ended.
    ///
    /// @param session null if it never got one
    record ConnectionClosed(@Nullable SessionKey session, String cause, boolean clean) implements BrokerEvent {}

    /// A session ended with all that it held.
    record SessionEnded(SessionKey session, String cause) implements BrokerEvent {}

    /// A message did not reach a session that subscribed to it.
    ///
    /// @param topic null if the message was not in memory
    record MessageDropped(SessionKey session, @Nullable String topic, int qos, DropCause cause)
            implements BrokerEvent {}

    /// A PUBLISH was refused.
    record PublishRefused(SessionKey session, String topic, String reason) implements BrokerEvent {}

    /// One topic filter of a SUBSCRIBE was refused.
    record SubscribeRefused(SessionKey session, String filter, String reason) implements BrokerEvent {}
}
