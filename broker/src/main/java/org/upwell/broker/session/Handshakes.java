// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.util.List;
import java.util.function.Consumer;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.Fetch;
import org.upwell.broker.store.QueueTarget;
import org.upwell.broker.store.QueuedMessage;
import org.upwell.broker.store.StoreException;

/// What is in flight to one session's client, and what the store, and the group of a shared message, must know of
/// it. Owned by the session's owner.
public final class Handshakes {

    private final Session session;
    private final SessionContext context;
    private final InFlight inFlight = new InFlight();

    Handshakes(Session session, SessionContext context) {
        this.session = session;
        this.context = context;
    }

    InFlight inFlight() {
        return inFlight;
    }

    /// Lets store and group forget a message that was acknowledged.
    public void done(InFlight.Entry entry) {
        SharedGroup.Member member = entry.member();
        boolean mine = member == null || isMoved(member);
        if (member != null) {
            member.group().settled(member, entry.sequence(), mine);
        }
        if (mine) {
            session.done(entry.sequence());
        }
    }

    /// True if a message that a group gave is kept under this session's number once it is sent.
    private boolean isMoved(SharedGroup.Member member) {
        return session.storeNumber() != 0 && member.group().storeNumber() != 0;
    }

    /// Has the store keep the packet id of a message of QoS 1, so that it is sent again under the same id after a
    /// restart ([MQTT-4.4.0-1]). A repeat under another id is allowed, so nobody waits.
    public void sent(InFlight.Entry entry) {
        if (isStored(entry)) {
            move(entry);
            context.store().outboundSent(session.storeNumber(), entry.sequence(), entry.packetId(), Commit.NONE);
        }
    }

    /// Has the store keep that a message of QoS 2 is about to be sent. `commit` tells when PUBLISH may leave: once
    /// the packet id is safe, else another message could get it after a restart.
    public void sent(InFlight.Entry entry, Commit commit) {
        if (isStored(entry)) {
            move(entry);
            context.store().outboundSent(session.storeNumber(), entry.sequence(), entry.packetId(), commit);
        } else {
            commit.committed();
        }
    }

    private boolean isStored(InFlight.Entry entry) {
        return session.storeNumber() != 0 && entry.sequence() != 0;
    }

    /// What a group gave is kept under this session's number from now on.
    private void move(InFlight.Entry entry) {
        SharedGroup.Member member = entry.member();
        if (member != null && isMoved(member)) {
            Delivery delivery = entry.delivery();
            QueueTarget here =
                    new QueueTarget(session.storeNumber(), entry.qos(), delivery.retain(), delivery.subscriptionIds());
            context.store().moved(member.group().storeNumber(), here, entry.sequence(), Commit.NONE);
        }
    }

    /// Has the store keep the client's PUBREC. `commit` tells when PUBREL may leave: from there on the message must
    /// never be sent again ([MQTT-4.3.3-6]).
    public void received(InFlight.Entry entry, Commit commit) {
        entry.received();
        if (isStored(entry)) {
            context.store().outboundReceived(session.storeNumber(), entry.sequence(), commit);
        } else {
            commit.committed();
        }
    }

    /// Reads messages in flight back that a restart left in the store. `ready` runs on `here` once they are in
    /// memory, at once if they are.
    void recall(Owner here, Runnable ready, Consumer<StoreException> failed) {
        long[] away = inFlight.away();
        if (away.length == 0) {
            ready.run();
            return;
        }
        context.store().fetch(session.storeNumber(), away, new Fetch() {
            @Override
            public Owner owner() {
                return here;
            }

            @Override
            public void fetched(List<QueuedMessage> messages) {
                if (session.owner() == here) {
                    inFlight.fill(messages);
                }
                ready.run();
            }

            @Override
            public void failed(StoreException cause) {
                failed.accept(cause);
            }
        });
    }

    /// Messages of shared subscriptions that were sent at QoS 1 and not acknowledged go to other members.
    void giveSharedBack() {
        for (InFlight.Entry entry : inFlight.inOrder()) {
            SharedGroup.Member member = entry.member();
            if (member != null && entry.stage() == InFlight.Stage.AWAITS_PUBACK) {
                inFlight.remove(entry);
                member.group().giveBack(entry.delivery(), true, session.owner());
            }
        }
    }

    /// The session ended.
    void end() {
        giveSharedBack();
        // [MQTT-4.8.2-5]: what was sent at QoS 2 goes to nobody else.
        inFlight.inOrder().forEach(this::done);
        inFlight.clear();
    }
}
