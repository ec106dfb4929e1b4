// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.session;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.upwell.broker.access.Principal;
import org.upwell.gateway.event.GatewayCounters;
import org.upwell.gateway.event.GatewayEvent;

/// The sessions of all tenants. Safe for all threads. Whoever hears of a session's end must be quick.
public final class Sessions {

    /// @param perTenant how many sessions a tenant may have at a time
    /// @param life of a session, however much it is used
    public record Limits(int perTenant, Duration life) {

        /// Field protocol §4.
        public static final Limits DEFAULT = new Limits(10, Duration.ofHours(4));
    }

    private final Limits limits;
    private final GatewayCounters counters;
    private final InstantSource clock;
    private final Map<InetSocketAddress, Session> byClient = new HashMap<>();

    /// Of all clients, in the order in which they came in. Few: whoever checks them bounds their number.
    private final List<Login> underWay = new ArrayList<>();

    private final Map<String, Integer> countByTenant = new HashMap<>();
    private final List<Consumer<Session>> endListeners = new CopyOnWriteArrayList<>();

    public Sessions(Limits limits, GatewayCounters counters, InstantSource clock) {
        this.limits = limits;
        this.counters = counters;
        this.clock = clock;
    }

    /// Whatever lives by a session must end with it: the endpoint may be another tenant's the next moment.
    public void onEnd(Consumer<Session> listener) {
        endListeners.add(listener);
    }

    /// A login that is being checked. Checks take as long as they take; what counts is the order in which a client
    /// asked. Guarded by the sessions.
    static final class Login {
        private final InetSocketAddress client;
        private boolean isOvertaken;

        private Login(InetSocketAddress client) {
            this.client = client;
        }
    }

    /// How a login ended.
    sealed interface Opening {
        record Opened(Session session) implements Opening {}

        /// The tenant has no session left.
        record NoneLeft() implements Opening {}

        /// The client has logged in or out since then.
        record Overtaken() implements Opening {}
    }

    /// To be followed by [#open] or [#abandon].
    synchronized Login begin(InetSocketAddress client) {
        Login login = new Login(client);
        underWay.add(login);
        return login;
    }

    /// Says that a login was refused.
    synchronized void abandon(Login login) {
        underWay.remove(login);
    }

    /// Opens a session, or replaces the one that the client has.
    Opening open(Login login, Principal principal) {
        String tenant = principal.tenant();
        InetSocketAddress client = login.client;
        List<Session> ended = new ArrayList<>();
        Optional<Session> opened;
        synchronized (this) {
            int place = underWay.indexOf(login);
            underWay.remove(login);
            if (login.isOvertaken) {
                return new Opening.Overtaken();
            }
            overtake(client, underWay.subList(0, place));
            Instant now = clock.instant();
            remove(client, ended);
            if (countByTenant.getOrDefault(tenant, 0) >= limits.perTenant) {
                removeExpired(now, ended);
            }
            opened = countByTenant.getOrDefault(tenant, 0) >= limits.perTenant
                    ? Optional.empty()
                    : Optional.of(add(new Session(principal, client, now.plus(limits.life))));
        }
        ended.forEach(this::tellEnd);
        counters.count(opened.isPresent() ? GatewayEvent.SESSION_OPENED : GatewayEvent.SESSION_LIMIT_REACHED);
        return opened.<Opening>map(Opening.Opened::new).orElseGet(Opening.NoneLeft::new);
    }

    private static void overtake(InetSocketAddress client, List<Login> earlier) {
        for (Login login : earlier) {
            if (login.client.equals(client)) {
                login.isOvertaken = true;
            }
        }
    }

    /// Enters a session of an earlier process.
    ///
    /// @return empty if its time is over, its client has another or its tenant has no session left
    synchronized Optional<Session> restore(Session session) {
        boolean fits = !session.isOver(clock.instant())
                && !byClient.containsKey(session.client())
                && countByTenant.getOrDefault(session.tenant(), 0) < limits.perTenant;
        if (!fits) {
            return Optional.empty();
        }
        counters.count(GatewayEvent.SESSION_RESTORED);
        return Optional.of(add(session));
    }

    /// Closes the session of a client, and those that it is still logging in for.
    ///
    /// @return false if the client had none
    public boolean close(InetSocketAddress client) {
        List<Session> ended = new ArrayList<>(1);
        synchronized (this) {
            overtake(client, underWay);
            remove(client, ended);
        }
        ended.forEach(this::tellEnd);
        ended.forEach(_ -> counters.count(GatewayEvent.SESSION_CLOSED));
        return !ended.isEmpty();
    }

    /// Ends the sessions of principals that are not admitted any more.
    public void revoke(Predicate<Principal> isAdmitted) {
        List<Session> all;
        synchronized (this) {
            all = List.copyOf(byClient.values());
        }
        for (Session session : all) {
            if (!isAdmitted.test(session.principal())) {
                revoke(session);
            }
        }
    }

    private void revoke(Session session) {
        synchronized (this) {
            if (byClient.get(session.client()) != session) {
                // Closed meanwhile, or its client has another one by now.
                return;
            }
            remove(session.client(), new ArrayList<>(1));
        }
        tellEnd(session);
        counters.count(GatewayEvent.SESSION_REVOKED);
    }

    /// The session of a client, unless its time is over.
    public synchronized Optional<Session> find(InetSocketAddress client) {
        Session session = byClient.get(client);
        return session == null || session.isOver(clock.instant()) ? Optional.empty() : Optional.of(session);
    }

    /// True while `session` is the one of its client.
    public boolean isOpen(Session session) {
        return find(session.client()).filter(found -> found == session).isPresent();
    }

    /// Ends the sessions whose time is over.
    public void expire() {
        List<Session> ended = new ArrayList<>();
        synchronized (this) {
            removeExpired(clock.instant(), ended);
        }
        ended.forEach(this::tellEnd);
    }

    public synchronized int size() {
        return byClient.size();
    }

    private Session add(Session session) {
        byClient.put(session.client(), session);
        countByTenant.merge(session.tenant(), 1, Integer::sum);
        return session;
    }

    private void remove(InetSocketAddress client, List<Session> ended) {
        Session session = byClient.remove(client);
        if (session != null) {
            countByTenant.computeIfPresent(session.tenant(), (_, count) -> count == 1 ? null : count - 1);
            ended.add(session);
        }
    }

    private void removeExpired(Instant now, List<Session> ended) {
        List<InetSocketAddress> clients = new ArrayList<>();
        byClient.forEach((client, session) -> {
            if (session.isOver(now)) {
                clients.add(client);
            }
        });
        for (InetSocketAddress client : clients) {
            remove(client, ended);
            counters.count(GatewayEvent.SESSION_EXPIRED);
        }
    }

    private void tellEnd(Session session) {
        endListeners.forEach(listener -> listener.accept(session));
    }
}
