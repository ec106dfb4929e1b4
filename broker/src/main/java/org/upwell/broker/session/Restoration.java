// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.access.Principal;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.store.Commit;
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
    /// What was sent to members of groups, by the number under which it is kept.
    private final Map<Long, MemberPart> parts = new LinkedHashMap<>();
    /// Sessions that join their groups again once all groups are there: one that the store does not know is put
    /// there by its first member, which no store allows while it is being read.
    private final List<Runnable> joining = new ArrayList<>();

    private record MemberPart(GroupRecord key, List<InFlight.Sent> sent) {}

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

    /// A group of shared subscriptions, whose members are told as sessions and join it by [#done]; or what was sent
    /// to one of them.
    public void group(long number, GroupRecord group) {
        if (group.isOfMember()) {
            parts.put(number, new MemberPart(group, new ArrayList<>()));
            return;
        }
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
        MemberPart part = parts.get(number);
        if (part != null) {
            part.sent.add(new InFlight.Sent(entry));
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
        parts.forEach(this::restore);
        groups.values().forEach(SharedGroup::restored);
        context.groups().removeEmpty(context.store());
        for (Session session : byNumber.values()) {
            session.owner().execute(session::startOffline);
        }
    }

    private void restore(long number, MemberPart part) {
        if (part.sent.isEmpty()) {
            context.store().removeSession(number, Commit.NONE);
            return;
        }
        SharedGroup group = context.groups().find(part.key.ofGroup());
        Session session = directory.find(part.key.tenant(), part.key.clientId()).orElse(null);
        if (session == null) {
            restoreWithoutSession(number, part, group);
            return;
        }
        List<InFlight.Sent> sent =
                part.sent.stream().filter(each -> each.packetId() != 0).toList();
        SharedGroup.Member member = group == null ? null : group.restore(session, number, sent.size());
        session.handshakes().restore(number, sent, member);
        if (group != null) {
            takeBack(number, part, group, each -> each.packetId() == 0);
        }
    }

    /// The session ended, and the process soon after: what it leaves behind goes the way it would have gone then
    /// ([MQTT-4.8.2-5]).
    private void restoreWithoutSession(long number, MemberPart part, @Nullable SharedGroup group) {
        if (group == null) {
            context.store().removeSession(number, Commit.NONE);
            return;
        }
        Predicate<InFlight.Sent> goesOn = each -> each.packetId() == 0 || each.qos() == 1;
        part.sent.stream()
                .filter(goesOn.negate())
                .forEach(each -> context.store().acknowledged(number, each.sequence()));
        takeBack(number, part, group, goesOn);
    }

    private static void takeBack(long number, MemberPart part, SharedGroup group, Predicate<InFlight.Sent> which) {
        long[] back = part.sent.stream()
                .filter(which)
                .mapToLong(InFlight.Sent::sequence)
                .toArray();
        if (back.length > 0) {
            group.takeBack(number, back);
        }
    }
}
