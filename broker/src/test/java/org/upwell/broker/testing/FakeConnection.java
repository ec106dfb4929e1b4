// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.testing;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.access.RefusalCause;
import org.upwell.broker.session.Delivery;
import org.upwell.broker.session.InFlight;
import org.upwell.broker.session.OpenRequest;
import org.upwell.broker.session.Session;
import org.upwell.broker.session.SessionConnection;
import org.upwell.broker.store.Commit;

/// A connection as the session sees it, which writes down what happens to it. It keeps a send quota as an edge
/// does, and acknowledges when told.
public final class FakeConnection implements SessionConnection, OpenRequest.Answer {

    private final String name;
    private final List<String> log;
    private final List<Delivery> received = new ArrayList<>();
    private int sendQuota = 60_000;
    private boolean startsDelivery = true;
    private @Nullable Runnable whenOpened;
    private @Nullable Session session;
    private @Nullable Boolean present;
    private @Nullable String refusal;
    private @Nullable String endCause;
    private int takeovers;
    private boolean failing;

    /// @param log where opening, messages, takeover and end are written too, in order with those of other
    ///     connections
    public FakeConnection(String name, List<String> log) {
        this.name = name;
        this.log = log;
    }

    public FakeConnection withSendQuota(int quota) {
        sendQuota = quota;
        return this;
    }

    /// Leaves [Session#startDelivery] to the test.
    public FakeConnection withoutDelivery() {
        startsDelivery = false;
        return this;
    }

    /// Does `action` from within the answer, as an edge does with packets that came along with CONNECT.
    public FakeConnection whenOpened(Runnable action) {
        whenOpened = action;
        return this;
    }

    // ---- What the session calls ----------------------------------------------------------------------------------

    @Override
    public void opened(Session opened, boolean isPresent) {
        if (isAnswered()) {
            throw new AssertionError(name + " is answered twice");
        }
        session = opened;
        present = isPresent;
        log.add(name + " opened");
        if (startsDelivery) {
            opened.startDelivery();
            pump();
        }
        if (whenOpened != null) {
            whenOpened.run();
        }
    }

    @Override
    public void refused(RefusalCause cause, String reason) {
        if (isAnswered()) {
            throw new AssertionError(name + " is answered twice");
        }
        refusal = cause + ": " + reason;
        log.add(name + " refused");
    }

    @Override
    public int sendQuota() {
        return sendQuota;
    }

    @Override
    public boolean tryDeliver(Delivery delivery) {
        Session own = session();
        if (own.inFlight().size() >= sendQuota) {
            return false;
        }
        send(own, delivery);
        return true;
    }

    private void send(Session own, Delivery delivery) {
        if (failing) {
            failing = false;
            throw new IllegalStateException("on purpose");
        }
        own.handshakes().sent(own.inFlight().add(delivery), Commit.NONE);
        receive(delivery);
    }

    @Override
    public void deliverQos0(Delivery delivery) {
        receive(delivery);
    }

    private void receive(Delivery delivery) {
        received.add(delivery);
        log.add(name + " gets " + delivery.message().topic());
    }

    @Override
    public void deliveriesReadable() {
        pump();
    }

    @Override
    public void takenOver() {
        takeovers++;
        log.add(name + " taken over");
    }

    @Override
    public void sessionEnded(String cause) {
        endCause = cause;
        log.add(name + " ended");
        session().detach(this, true, null);
    }

    @Override
    public void notAuthorized(String cause) {
        log.add(name + " not authorized");
        session().detach(this, true, null);
    }

    // ---- What the test does --------------------------------------------------------------------------------------

    /// Takes what waits as far as the quota goes.
    public void pump() {
        Session own = session();
        while (own.inFlight().size() < sendQuota) {
            Delivery next = own.pollQueued();
            if (next == null) {
                return;
            }
            send(own, next);
        }
    }

    /// Acknowledges everything in flight and takes what waits, until nothing does.
    public void acknowledgeAll() {
        Session own = session();
        while (own.inFlight().size() > 0) {
            for (InFlight.Entry entry : own.inFlight().inOrder()) {
                own.inFlight().remove(entry);
                own.handshakes().done(entry);
            }
            pump();
        }
    }

    /// Acknowledges what was sent first and takes what waits. On the session's owner.
    public void acknowledgeOne() {
        Session own = session();
        if (own.inFlight().size() > 0) {
            InFlight.Entry first = own.inFlight().inOrder().getFirst();
            own.inFlight().remove(first);
            own.handshakes().done(first);
            pump();
        }
    }

    /// Lets the next delivery fail by a fault of ours.
    public void failOnce() {
        failing = true;
    }

    /// Ends as a lost connection does.
    public void lose() {
        session().owner().run(() -> session().detach(this, true, null));
    }

    /// Ends by DISCONNECT.
    public void disconnect() {
        session().owner().run(() -> session().detach(this, false, null));
    }

    // ---- What the test asks --------------------------------------------------------------------------------------

    public Session session() {
        if (session == null) {
            throw new AssertionError(name + " has no session; refused: " + refusal);
        }
        return session;
    }

    public boolean isOpened() {
        return session != null;
    }

    public boolean isAnswered() {
        return session != null || refusal != null;
    }

    public boolean isPresent() {
        return Boolean.TRUE.equals(present);
    }

    public @Nullable String refusal() {
        return refusal;
    }

    public @Nullable String endCause() {
        return endCause;
    }

    public int takeovers() {
        return takeovers;
    }

    public List<Delivery> received() {
        return List.copyOf(received);
    }

    /// The topics of what was received, in order.
    public List<String> topics() {
        return received.stream().map(delivery -> delivery.message().topic()).toList();
    }

    @Override
    public String toString() {
        return name;
    }
}
