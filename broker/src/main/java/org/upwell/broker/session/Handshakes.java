// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.broker.event.DropCause;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.Fetch;
import org.upwell.broker.store.QueueTarget;
import org.upwell.broker.store.QueuedMessage;
import org.upwell.broker.store.StoreException;

/// What is in flight to one session's client, and what the store, and the group of a shared message, must know of
/// it. Owned by the session's owner.
public final class Handshakes {

    private static final Logger LOG = LoggerFactory.getLogger(Handshakes.class);

    private final Session session;
    private final SessionContext context;
    private final InFlight inFlight;
    /// Under which the store keeps what groups gave; most sessions have none.
    private Set<Long> memberNumbers = Set.of();

    Handshakes(Session session, SessionContext context) {
        this.session = session;
        this.context = context;
        this.inFlight = new InFlight(context.queueMemory(), session.key().tenant());
    }

    InFlight inFlight() {
        return inFlight;
    }

    /// Lets store and group forget a message that was acknowledged.
    public void done(InFlight.Entry entry) {
        if (isStored(entry)) {
            context.store().acknowledged(entry.number(), entry.sequence());
        }
        SharedGroup.Member member = entry.member();
        if (member != null) {
            member.group().settled(member, entry.sequence(), entry.number() != 0);
        }
    }

    /// Takes a message back that does not reach the client, and counts it.
    public void lost(InFlight.Entry entry, @Nullable String topic, DropCause cause) {
        inFlight.remove(entry);
        done(entry);
        session.deliveries().losses().lost(entry.qos(), topic, cause);
    }

    /// Has the store keep the packet id of a message of QoS 1, so that it is sent again under the same id after a
    /// restart ([MQTT-4.4.0-1]). A repeat under another id is allowed, so nobody waits.
    public void sent(InFlight.Entry entry) {
        sent(entry, Commit.NONE);
    }

    /// Has the store keep that a message of QoS 2 is about to be sent. `commit` tells when PUBLISH may leave: once
    /// the packet id is safe, else another message could get it after a restart.
    public void sent(InFlight.Entry entry, Commit commit) {
        entry.keptUnder(numberFor(entry));
        if (isStored(entry)) {
            context.store().outboundSent(entry.number(), entry.sequence(), entry.packetId(), commit);
        } else {
            commit.committed();
        }
    }

    /// The number under which the store has a message once it is sent. What a group gave leaves the group's queue
    /// for the member's own number, so that after a restart it is still known who has it.
    private long numberFor(InFlight.Entry entry) {
        if (entry.sequence() == 0 || session.storeNumber() == 0) {
            return 0;
        }
        SharedGroup.Member member = entry.member();
        if (member == null) {
            return session.storeNumber();
        }
        long group = member.group().storeNumber();
        if (group == 0) {
            return 0;
        }
        Delivery delivery = entry.delivery();
        long number = member.number();
        addNumber(number);
        QueueTarget here = new QueueTarget(number, entry.qos(), delivery.retain(), delivery.subscriptionIds());
        context.store().moved(group, here, entry.sequence(), Commit.NONE);
        return number;
    }

    private void addNumber(long number) {
        if (!memberNumbers.contains(number)) {
            Set<Long> more = new HashSet<>(memberNumbers);
            more.add(number);
            memberNumbers = more;
        }
    }

    /// What was sent to this session as a member of a group, as the store kept it.
    ///
    /// @param member null if there is no such group any more
    void restore(long number, List<InFlight.Sent> sent, SharedGroup.@Nullable Member member) {
        addNumber(number);
        for (InFlight.Sent each : sent) {
            if (!inFlight.restore(each, number, member)) {
                LOG.warn("{}: {}; it is given up", session, inUse(each));
                context.store().acknowledged(number, each.sequence());
                if (member != null) {
                    // It counted as outstanding.
                    member.group().settled(member, each.sequence(), true);
                }
            }
        }
    }

    /// A message of the session's own queue that was in flight, as the store kept it.
    ///
    /// @return false if it is to be sent anew
    boolean restore(InFlight.Sent sent, long number) {
        if (inFlight.restore(sent, number, null)) {
            return true;
        }
        LOG.warn("{}: {}; it is sent anew", session, inUse(sent));
        return false;
    }

    /// Packet ids are used again once they are acknowledged. A repaired journal may lack an acknowledgement.
    private static String inUse(InFlight.Sent sent) {
        return "message " + sent.sequence() + " was sent under packet id " + sent.packetId()
                + ", which another message has";
    }

    private static boolean isStored(InFlight.Entry entry) {
        return entry.number() != 0 && entry.sequence() != 0;
    }

    /// Has the store keep the client's PUBREC. `commit` tells when PUBREL may leave: from there on the message must
    /// never be sent again ([MQTT-4.3.3-6]).
    public void received(InFlight.Entry entry, Commit commit) {
        entry.received();
        if (isStored(entry)) {
            context.store().outboundReceived(entry.number(), entry.sequence(), commit);
        } else {
            commit.committed();
        }
    }

    /// Reads messages in flight back that a restart left in the store. `ready` runs on `here` once they are in
    /// memory, at once if they are.
    void recall(Owner here, Runnable ready, Consumer<StoreException> failed) {
        if (inFlight.size() == 0) {
            // As for nearly every session that is opened.
            ready.run();
        } else {
            recall(new ArrayDeque<>(inFlight.away().entrySet()), here, ready, failed);
        }
    }

    private void recall(
            Queue<Map.Entry<Long, List<Long>>> away, Owner here, Runnable ready, Consumer<StoreException> failed) {
        Map.Entry<Long, List<Long>> next = away.poll();
        if (next == null) {
            ready.run();
            return;
        }
        long number = next.getKey();
        context.store().fetch(number, toArray(next.getValue()), new Fetch() {
            @Override
            public Owner owner() {
                return here;
            }

            @Override
            public void fetched(List<QueuedMessage> messages) {
                if (session.owner() == here) {
                    inFlight.fill(number, messages);
                }
                recall(away, here, ready, failed);
            }

            @Override
            public void failed(StoreException cause) {
                failed.accept(cause);
            }
        });
    }

    private static long[] toArray(List<Long> sequences) {
        return sequences.stream().mapToLong(Long::longValue).toArray();
    }

    /// Messages of shared subscriptions that were sent at QoS 1 and not acknowledged go to other members.
    void giveSharedBack() {
        for (InFlight.Entry entry : inFlight.inOrder()) {
            SharedGroup.Member member = entry.member();
            if (member != null && entry.stage() == InFlight.Stage.AWAITS_PUBACK && !entry.isAway()) {
                inFlight.remove(entry);
                member.group().giveBack(entry.delivery(), entry.number(), session.owner());
            }
        }
    }

    /// The session ended.
    void end() {
        if (inFlight.size() == 0 && memberNumbers.isEmpty()) {
            return;
        }
        giveSharedBack();
        Map<SharedGroup.Member, List<Long>> unread = new LinkedHashMap<>();
        for (InFlight.Entry entry : inFlight.inOrder()) {
            SharedGroup.Member member = entry.member();
            if (member != null && entry.stage() == InFlight.Stage.AWAITS_PUBACK) {
                // From before a restart; the client never came back for it.
                unread.computeIfAbsent(member, key -> new ArrayList<>()).add(entry.sequence());
            } else {
                // [MQTT-4.8.2-5]: what was sent at QoS 2 goes to nobody else.
                done(entry);
            }
        }
        inFlight.clear();
        Set<Long> empty = new HashSet<>(memberNumbers);
        unread.forEach((member, sequences) -> {
            // A restart finds the number empty and lets go of it.
            empty.remove(member.number());
            member.group().takeBack(member.number(), toArray(sequences));
        });
        empty.forEach(number -> context.store().removeSession(number, Commit.NONE));
    }
}
