// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.time.InstantSource;
import org.upwell.broker.event.BrokerCounters;
import org.upwell.broker.event.BrokerEvents;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.Will;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.store.Store;
import org.upwell.broker.topic.RetainedMessages;
import org.upwell.broker.topic.SubscriptionTree;

/// What all sessions of a broker share.
public record SessionContext(
        SubscriptionTree<Subscriber> subscriptions,
        RetainedMessages retained,
        SharedGroups groups,
        Store store,
        QueueMemory queueMemory,
        WillPublisher wills,
        Announcer announcer,
        DirectoryRemoval directoryRemoval,
        BrokerEvents events,
        BrokerCounters counters,
        InstantSource clock,
        Ticks ticks) {

    /// Takes an ended session out of the directory.
    public interface DirectoryRemoval {
        /// On the session's owner.
        void removed(Session session);
    }

    /// Publishes what the broker itself has to say: retained in memory, kept by no store.
    public interface Announcer {
        /// @param here the owner on whose thread this is called
        void announce(Message message, Owner here);
    }

    /// Publishes wills: checks once more that the session may, and routes.
    public interface WillPublisher {
        /// On the session's owner.
        void publish(Session session, Will will);
    }
}
