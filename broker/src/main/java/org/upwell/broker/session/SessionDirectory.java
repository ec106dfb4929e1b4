// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.upwell.broker.access.Authenticator;
import org.upwell.broker.access.Authorizer;
import org.upwell.broker.access.Permissions;
import org.upwell.broker.access.Principal;
import org.upwell.broker.access.RefusalCause;
import org.upwell.broker.event.BrokerEvent;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.StoreException;

/// All sessions of this process by tenant and client id, and the only place that assumes a session to be local.
///
/// Shared: may be called from any thread. A session is opened for a connection by a *claim* that runs on the thread
/// of whoever owns the session, after all claims before it; so of many connections with one client id each takes
/// over from the one before, and none from itself.
public final class SessionDirectory {

    /// Sessions whose rights are looked up in one go.
    private static final int RECHECKED_AT_ONCE = 256;

    private final ConcurrentHashMap<SessionKey, Session> sessions = new ConcurrentHashMap<>();
    private final SessionContext context;

    public SessionDirectory(SessionContext context) {
        this.context = context;
    }

    /// Opens a session for a connection: a new one, the earlier one resumed, or one taken over from a live
    /// connection, whose close and will come first. Called on the connection's event loop, which also gets the
    /// answer.
    public void open(OpenRequest request) {
        Session existing = sessions.get(request.key());
        if (existing != null) {
            existing.owner().run(() -> claim(existing, request));
            return;
        }
        Session fresh = create(request);
        if (sessions.putIfAbsent(request.key(), fresh) == null) {
            connect(fresh, request, false);
        } else {
            open(request);
        }
    }

    private Session create(OpenRequest request) {
        return new Session(
                request.key(),
                context,
                request.owner(),
                request.principal(),
                new Session.Access(request.permissions(), request.limits()));
    }

    private void claim(Session existing, OpenRequest request) {
        if (existing.hasEnded()) {
            request.owner().execute(() -> open(request));
            return;
        }
        if (!existing.owner().isCurrent() || existing.isMoving()) {
            // It moved on, or is just arriving here: get in line behind that.
            existing.owner().execute(() -> claim(existing, request));
            return;
        }
        if (existing.isNewerThan(request.principal())) {
            request.owner()
                    .run(() -> request.answer()
                            .refused(
                                    RefusalCause.NOT_AUTHORIZED,
                                    "the token is older than the one of the live connection"));
            return;
        }
        boolean goesOn = existing.isPersistent() && !request.cleanStart();
        existing.takeOver(goesOn);
        if (!goesOn) {
            existing.end(request.cleanStart() ? "clean start" : "connection closed");
            request.owner().run(() -> open(request));
        } else if (existing.owner() == request.owner()) {
            connect(existing, request, true);
        } else {
            existing.moveTo(request.owner());
            request.owner().execute(() -> arrive(existing, request));
        }
    }

    private void arrive(Session moved, OpenRequest request) {
        if (moved.hasEnded()) {
            // Somebody ended it on its way.
            open(request);
        } else {
            connect(moved, request, true);
        }
    }

    private void connect(Session session, OpenRequest request, boolean present) {
        session.connect(request, new Commit() {
            @Override
            public Owner owner() {
                return request.owner();
            }

            @Override
            public void committed() {
                session.handshakes()
                        .recall(request.owner(), () -> answer(session, request, present), cause -> failed(cause));
            }

            @Override
            public void failed(StoreException cause) {
                if (session.isHeldBy(request.connection(), request.owner())) {
                    session.detach(request.connection(), false, null);
                }
                request.answer().refused(RefusalCause.UNAVAILABLE, "the session could not be stored or read");
            }
        });
    }

    private void answer(Session session, OpenRequest request, boolean present) {
        if (!session.isHeldBy(request.connection(), request.owner())) {
            // The store took its time, and the connection was told of the takeover meanwhile.
            request.answer()
                    .refused(RefusalCause.UNAVAILABLE, "the session was taken over or ended while it was being opened");
            return;
        }
        context.counters().sessionsOpened.increment();
        context.events().on(new BrokerEvent.SessionOpened(session.key(), present));
        request.answer().opened(session, present);
    }

    /// Has the rights of live and offline sessions looked up again, each on its owner's thread. Returns before that
    /// is done. Any thread.
    public void recheck(Predicate<SessionKey> which, Rights rights) {
        Map<Owner, List<Session>> byOwner = new HashMap<>();
        for (Session session : sessions.values()) {
            if (which.test(session.key())) {
                byOwner.computeIfAbsent(session.owner(), _ -> new ArrayList<>()).add(session);
            }
        }
        byOwner.forEach((owner, owned) -> owner.execute(() -> recheck(owner, owned, 0, rights)));
    }

    /// A part at a time, so that other connections of the loop wait for no more than that.
    private void recheck(Owner owner, List<Session> owned, int from, Rights rights) {
        int end = Math.min(owned.size(), from + RECHECKED_AT_ONCE);
        for (Session session : owned.subList(from, end)) {
            recheckWhereOwned(session, rights);
        }
        if (end < owned.size()) {
            owner.execute(() -> recheck(owner, owned, end, rights));
        }
    }

    private void recheckWhereOwned(Session session, Rights rights) {
        if (session.hasEnded()) {
            return;
        }
        if (!session.owner().isCurrent() || session.isMoving()) {
            session.owner().execute(() -> recheckWhereOwned(session, rights));
            return;
        }
        recheck(session, rights);
    }

    /// Looks the rights of one session up again. On the session's owner.
    @SuppressWarnings("ReferenceEquality") // Another object at worst replaces equal rights.
    public void recheck(Session session, Rights rights) {
        Optional<Principal> now = rights.authenticator().readmit(session.principal());
        Permissions permissions = now.map(rights.authorizer()::permissionsOf).orElse(Permissions.NONE);
        if (now.isEmpty() || permissions.isEmpty()) {
            session.revoke("the principal may not connect any more");
            return;
        }
        SessionLimits limits = rights.limits().of(now.get());
        boolean same = permissions == session.permissions()
                && limits.equals(session.limits())
                && now.get().equals(session.principal());
        if (!same) {
            session.change(now.get(), new Session.Access(permissions, limits));
        }
    }

    /// Replaces the principal of a session by one that has just proved itself. On the session's owner.
    public void replace(Session session, Principal now, Rights rights) {
        if (!now.tenant().equals(session.key().tenant())) {
            throw new IllegalArgumentException("a session stays with its tenant");
        }
        session.change(
                now,
                new Session.Access(
                        rights.authorizer().permissionsOf(now), rights.limits().of(now)));
        session.keep();
        // It may have lost its rights while its proof was looked at.
        recheck(session, rights);
    }

    /// Who tells what a principal may do and have.
    public record Rights(Authenticator authenticator, Authorizer authorizer, Limits limits) {}

    /// Takes an ended session out. On the session's owner.
    public void removed(Session session) {
        sessions.remove(session.key(), session);
    }

    /// Any thread.
    public Optional<Session> find(String tenant, String clientId) {
        return Optional.ofNullable(sessions.get(new SessionKey(tenant, clientId)));
    }

    /// A live view; iterating it sees sessions come and go. Any thread.
    public Collection<Session> all() {
        return sessions.values();
    }

    /// What puts back the sessions that the store kept, spread over `owners`. Before any connection is accepted.
    public Restoration restoration(List<Owner> owners, Authorizer authorizer, Limits limits) {
        return new Restoration(this, context, owners, principal -> {
            Permissions permissions = authorizer.permissionsOf(principal);
            return new Session.Access(permissions, limits.of(principal));
        });
    }

    /// Part of [Restoration].
    void restored(Session session) {
        sessions.put(session.key(), session);
    }

    /// Looks up the limits that a principal's sessions have.
    public interface Limits {
        SessionLimits of(Principal principal);
    }
}
