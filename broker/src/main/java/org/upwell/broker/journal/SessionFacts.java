// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.upwell.broker.event.DropCause;
import org.upwell.broker.event.DropCounts;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.message.Will;
import org.upwell.broker.store.GroupRecord;
import org.upwell.broker.store.SessionRecord;
import org.upwell.broker.store.SubscriptionRecord;

/// Sessions, subscriptions and groups as bytes.
final class SessionFacts {

    private static final int WILL = 1;
    private static final int QUEUE_LIMIT = 2;
    private static final int DROPS = 4;
    private static final int NO_LOCAL = 4;
    private static final int RETAIN_AS_PUBLISHED = 8;

    private SessionFacts() {}

    static void writeSession(Output out, SessionRecord session) {
        Will will = session.will();
        SessionRecord.QueueLimit limit = session.queueLimit();
        boolean hasDrops = !session.drops().equals(DropCounts.NONE);
        out.putString(session.key().tenant());
        out.putString(session.key().clientId());
        out.putString(session.name());
        out.putVarint(session.roles().size());
        // Sorted, so that equal sessions are equal bytes.
        new TreeSet<>(session.roles()).forEach(out::putString);
        out.putVarint(session.expirySeconds());
        out.putSigned(session.offlineSinceMillis());
        out.put((will == null ? 0 : WILL) | (limit == null ? 0 : QUEUE_LIMIT) | (hasDrops ? DROPS : 0));
        if (will != null) {
            writeWill(out, will);
        }
        if (limit != null) {
            out.putVarint(limit.messages());
            out.putVarint(limit.bytes());
        }
        if (hasDrops) {
            DropCounts drops = session.drops();
            out.putVarint(drops.told());
            out.putVarint(drops.byCause().size());
            // By name: their order in the source may change.
            new TreeMap<>(drops.byCause()).forEach((cause, count) -> {
                out.putString(cause.name());
                out.putVarint(count);
            });
        }
    }

    private static void writeWill(Output out, Will will) {
        Message message = will.message();
        out.putVarint(will.delaySeconds());
        out.putSigned(will.expirySeconds());
        out.putShort(MessageContent.flags(message));
        out.putSigned(message.expiresAtMillis());
        // The content reaches to the end of what it is given, so its length comes first.
        Output content = new Output(256);
        MessageContent.write(content, message);
        out.putVarint(content.position());
        out.putBytes(content.array(), 0, content.position());
    }

    static SessionRecord readSession(Input in) {
        SessionKey key = new SessionKey(in.getString(), in.getString());
        String name = in.getString();
        Set<String> roles = new TreeSet<>();
        int count = in.getCount();
        for (int i = 0; i < count; i++) {
            roles.add(in.getString());
        }
        long expirySeconds = in.getVarint();
        long offlineSinceMillis = in.getSigned();
        int present = in.get();
        Will will = (present & WILL) == 0 ? null : readWill(in);
        SessionRecord.QueueLimit limit =
                (present & QUEUE_LIMIT) == 0 ? null : new SessionRecord.QueueLimit(in.getCount(), in.getVarint());
        DropCounts drops = (present & DROPS) == 0 ? DropCounts.NONE : readDrops(in);
        return new SessionRecord(key, name, roles, expirySeconds, offlineSinceMillis, will, limit, drops);
    }

    private static Will readWill(Input in) {
        long delaySeconds = in.getVarint();
        long expirySeconds = in.getSigned();
        int flags = in.getShort();
        long expiresAtMillis = in.getSigned();
        int length = in.getCount();
        Input content = new Input(in.array(), in.position(), in.position() + length);
        in.skip(length);
        return new Will(MessageContent.read(content, flags, expiresAtMillis), delaySeconds, expirySeconds);
    }

    private static DropCounts readDrops(Input in) {
        long told = in.getVarint();
        Map<DropCause, Long> byCause = new EnumMap<>(DropCause.class);
        int count = in.getCount();
        for (int i = 0; i < count; i++) {
            String name = in.getString();
            try {
                byCause.put(DropCause.valueOf(name), in.getVarint());
            } catch (IllegalArgumentException e) {
                throw new Input.MalformedException("unknown cause of drops " + name);
            }
        }
        return new DropCounts(byCause, told);
    }

    static void writeSubscription(Output out, SubscriptionRecord subscription) {
        out.putString(subscription.filter());
        out.put(subscription.qos()
                | (subscription.noLocal() ? NO_LOCAL : 0)
                | (subscription.retainAsPublished() ? RETAIN_AS_PUBLISHED : 0));
        out.putVarint(subscription.identifier());
    }

    static SubscriptionRecord readSubscription(Input in) {
        String filter = in.getString();
        int flags = in.get();
        return new SubscriptionRecord(
                filter, flags & 3, (flags & NO_LOCAL) != 0, (flags & RETAIN_AS_PUBLISHED) != 0, in.getCount());
    }

    static void writeSubscriptions(Output out, Collection<SubscriptionRecord> subscriptions) {
        out.putVarint(subscriptions.size());
        subscriptions.forEach(each -> writeSubscription(out, each));
    }

    static List<SubscriptionRecord> readSubscriptions(Input in) {
        int count = in.getCount();
        List<SubscriptionRecord> subscriptions = new ArrayList<>(Math.min(count, 1_024));
        for (int i = 0; i < count; i++) {
            subscriptions.add(readSubscription(in));
        }
        return subscriptions;
    }

    static void writeGroup(Output out, GroupRecord group) {
        out.putString(group.tenant());
        out.putString(group.group());
        out.putString(group.filter());
    }

    static GroupRecord readGroup(Input in) {
        return new GroupRecord(in.getString(), in.getString(), in.getString());
    }
}
