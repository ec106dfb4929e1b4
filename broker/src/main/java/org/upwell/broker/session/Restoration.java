// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.upwell.broker.access.Principal;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.store.GroupRecord;
import org.upwell.broker.store.Recovery;
import org.upwell.broker.store.SessionRecord;
import org.upwell.broker.store.StoreException;
import org.upwell.broker.store.SubscriptionRecord;
import org.upwell.broker.topic.InvalidTopicException;
import org.upwell.broker.topic.SharedFilter;
import org.upwell.broker.topic.Subscription;

/// Sessions as they come back from the store at start. Used by the starting thread, before any connection is
/// accepted; the event loops see the sessions when [#done] hands them over.
public final class Restoration {

    private final SessionDirectory directory;
    private final SessionContext context;
    private final List<Owner> owners;
    private final Function<Principal, Session.Access> access;
    private final Map<Long, Session> byNumber = new HashMap<>();
    private final Map<Long, SharedGroup> groups = new HashMap<>();
    /// Sessions that join their groups again once all groups are there: one that the store does not know is put
    /// there by its first member, which no store allows while it is being read.
    private final List<Runnable> joining = new ArrayList<>();

    Restoration(
            SessionDirectory directory,
            SessionContext context,
            List<Owner> owners,
            Function<Principal, Session.Access> access) {
        this.directory = directory;
        this.context = context;
        this.owners = owners;
        this.access = access;
    }

    /// A session with what belongs to it but its queue.
    public void session(Recovery.StoredSession stored) {
        SessionKey key = stored.session().key();
        SessionRecord record = stored.session();
        Principal principal =
                new Principal(key.tenant(), record.name(), record.roles(), null, null, null, record.queueLimit());
        Owner owner = owners.get(byNumber.size() % owners.size());
        Session session = new Session(key, context, owner, principal, access.apply(principal));
        session.restore(stored);
        for (SubscriptionRecord kept : stored.subscriptions()) {
            SharedFilter filter = parse(kept, key);
            Subscription<Subscriber> subscription = new Subscription<>(
                    session, filter.filter(), kept.qos(), kept.noLocal(), kept.retainAsPublished(), kept.identifier());
            if (filter.isShared()) {
                joining.add(() -> session.restore(filter, subscription));
            } else {
                session.restore(filter, subscription);
            }
        }
        byNumber.put(stored.number(), session);
        directory.restored(session);
    }

    private static SharedFilter parse(SubscriptionRecord record, SessionKey key) {
        try {
            return SharedFilter.parse(record.filter());
        } catch (InvalidTopicException e) {
            throw new StoreException("stored subscription of " + key + " cannot be read", e);
        }
    }

    /// A group of shared subscriptions; its members are told as sessions and join it by [#done].
    public void group(long number, GroupRecord group) {
        Owner owner = owners.get(groups.size() % owners.size());
        groups.put(number, context.groups().restore(group, number, context, owner));
    }

    /// A message in the queue of a session or group, or in flight from a session.
    public void queued(long number, Recovery.QueueEntry entry) {
        SharedGroup group = groups.get(number);
        if (group != null) {
            group.restore(entry);
            return;
        }
        Session session = byNumber.get(number);
        if (session == null) {
            throw new StoreException("stored message " + entry.sequence() + " is in the queue of session " + number
                    + ", which is not stored");
        }
        session.restore(entry);
    }

    /// Puts groups together and starts the clocks of what came back. After the store was read.
    public void done() {
        joining.forEach(Runnable::run);
        context.groups().removeEmpty(context.store());
        for (Session session : byNumber.values()) {
            session.owner().execute(session::startOffline);
        }
    }
}
