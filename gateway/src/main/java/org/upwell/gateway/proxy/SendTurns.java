// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.proxy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.eclipse.californium.core.coap.CoAP.Code;
import org.jspecify.annotations.Nullable;
import org.upwell.access.Mac;
import org.upwell.gateway.field.AccessPoint;
import org.upwell.gateway.session.Session;

/// Says when a request may be sent into the field: only so many are in flight to a device (RFC 7252 §4.7) and
/// through an access point at a time; the others wait their turn, and only so many may wait.
///
/// A request of a session with few under way is interactive and goes before bulk ones: a person asks for one thing,
/// a nightly reading for a thousand, and what the gateway sends on its own account can wait. But one turn in eight
/// is for bulk, so that it never stands still. Within each kind tenants take turns, and within a tenant its
/// sessions.
///
/// The places to wait in are shared by the same rules, or one nightly reading would shut out everybody else: when
/// none is left, an interactive request takes that of the newest bulk one of whoever waits with most; and who waits
/// with less takes one from who waits with more.
///
/// Of a device's resource one request with each method is under way at a time, until it is answered: it or the
/// answer may go in blocks, and blocks of two transfers cannot be told apart (RFC 7959 §2.4, §2.5). But who is silent
/// after an acknowledgement holds nobody up for longer than a while. Safe for all threads; nobody is called under the
/// lock.
final class SendTurns {

    enum Answer {
        NOW,
        LATER,
        FULL
    }

    /// Requests that a session may have under way, this one included, for the last of them to be interactive.
    private static final int INTERACTIVE = 4;

    private static final int BULK_EVERY = 8;

    private final ForwardProxy.Limits limits;
    private final ScheduledExecutorService executor;
    private final Duration hold;
    private final Map<Mac, Load> devices = new HashMap<>();
    private final Map<AccessPoint, Lane> lanes = new HashMap<>();
    private final Map<Session, Integer> underWay = new HashMap<>();

    /// Who asked for a turn and has to wait for it. Told on the executor.
    interface Waiter {

        /// The turn has come.
        void go(Turn turn);

        /// It never will: somebody else has its place. It is released.
        void displaced(Turn turn);
    }

    /// What is in flight to a device, and what waits for it.
    private static final class Load {

        private int inFlight;
        private final Set<Resource> underWay = new HashSet<>(2);
        private final List<Turn> waiting = new ArrayList<>(0);
    }

    /// What is in flight through an access point, and what waits for it.
    private static final class Lane {

        private final FairQueue interactive = new FairQueue();
        private final FairQueue bulk = new FairQueue();
        private int inFlight;
        private int waiting;
        private int given;
    }

    private enum State {
        NEW,
        WAITING,
        IN_FLIGHT,
        /// The packet is through, or lost; the device has not answered.
        HEARD,
        /// The device has it, and takes its time.
        ACKNOWLEDGED,
        OVER
    }

    /// @param executor where those who waited are told
    /// @param hold how long a request that the device acknowledged, and says no more of, keeps its turn
    SendTurns(ForwardProxy.Limits limits, ScheduledExecutorService executor, Duration hold) {
        this.limits = limits;
        this.executor = executor;
        this.hold = hold;
    }

    /// What a request asks of a device; two that do the same must not be under way together.
    ///
    /// @param uri path and query
    record Resource(Code method, String uri) {}

    /// One request's right to be sent.
    final class Turn {

        private final Mac mac;
        private final Resource resource;
        private final AccessPoint accessPoint;
        private final @Nullable Session session;
        private final Waiter waiter;
        private State state = State.NEW;
        private boolean interactive;
        private boolean inBlocks;
        /// Counts as under way for its session.
        private boolean counted;

        private @Nullable Future<?> bound;

        /// @param session for whom; null if for the gateway
        /// @param waiter told what came of it, if it had to wait
        Turn(Mac mac, Resource resource, AccessPoint accessPoint, @Nullable Session session, Waiter waiter) {
            this.mac = mac;
            this.resource = resource;
            this.accessPoint = accessPoint;
            this.session = session;
            this.waiter = waiter;
        }

        Mac mac() {
            return mac;
        }

        AccessPoint accessPoint() {
            return accessPoint;
        }

        /// Null for the gateway's own.
        @Nullable
        Session session() {
            return session;
        }

        /// Asks for the turn, once. After anything but `FULL` it must be released.
        Answer ask() {
            return SendTurns.this.ask(this);
        }

        /// The packet is out of the air: others may use the access point, though the device is still busy with it.
        /// A device that is gone would else hold its place until the last retransmission.
        void heard() {
            SendTurns.this.heard(this);
        }

        /// The device has it, and takes its time: it may be given another, unless this one goes in blocks.
        void acknowledged() {
            SendTurns.this.acknowledged(this);
        }

        /// A further block is sent: the device is busy with it, also if it was given another meanwhile.
        void goesOn() {
            SendTurns.this.goesOn(this);
        }

        /// Nothing more comes of it. May be called again.
        void release() {
            SendTurns.this.release(this);
        }
    }

    private Answer ask(Turn turn) {
        List<Turn> displaced = new ArrayList<>(0);
        Answer answer;
        synchronized (this) {
            answer = ask(turn, displaced);
        }
        for (Turn former : displaced) {
            executor.execute(() -> former.waiter.displaced(former));
        }
        return answer;
    }

    private Answer ask(Turn turn, List<Turn> displaced) {
        Load load = load(turn);
        Lane lane = lane(turn);
        // If both have room nobody waits who could go.
        boolean now = mayGo(turn) && lane.inFlight < limits.inFlightPerAccessPoint();
        turn.interactive = turn.session != null && underWay.getOrDefault(turn.session, 0) < INTERACTIVE;
        if (!now && !findRoom(turn, load, lane, displaced)) {
            turn.state = State.OVER;
            forgetIfIdle(turn, load, lane);
            return Answer.FULL;
        }
        if (turn.session != null) {
            underWay.merge(turn.session, 1, Integer::sum);
            turn.counted = true;
        }
        if (now) {
            give(turn, load, lane);
            return Answer.NOW;
        }
        turn.state = State.WAITING;
        load.waiting.add(turn);
        lane.waiting++;
        queue(turn, lane).add(turn);
        // None of them had a turn, so none is free for others now.
        displaced.forEach(former -> end(former, new ArrayList<>(0)));
        return Answer.LATER;
    }

    /// Whether one more may wait for the device and for the access point.
    ///
    /// @param displaced takes those who have to go for that
    private boolean findRoom(Turn turn, Load load, Lane lane, List<Turn> displaced) {
        Turn atDevice = null;
        if (load.waiting.size() >= limits.waitingPerDevice()) {
            FairQueue interactive = new FairQueue();
            FairQueue bulk = new FairQueue();
            load.waiting.forEach(waiting -> (waiting.interactive ? interactive : bulk).add(waiting));
            atDevice = lessEntitled(turn, interactive, bulk);
            if (atDevice == null) {
                return false;
            }
        }
        Turn atAccessPoint = null;
        boolean makesRoomThere = atDevice != null && atDevice.accessPoint.equals(turn.accessPoint);
        if (lane.waiting >= limits.waitingPerAccessPoint() && !makesRoomThere) {
            atAccessPoint = lessEntitled(turn, lane.interactive, lane.bulk);
            if (atAccessPoint == null) {
                return false;
            }
        }
        if (atDevice != null) {
            displaced.add(atDevice);
        }
        if (atAccessPoint != null) {
            displaced.add(atAccessPoint);
        }
        return true;
    }

    /// Whose place the newcomer takes; null if nobody's.
    private static @Nullable Turn lessEntitled(Turn newcomer, FairQueue interactive, FairQueue bulk) {
        if (!newcomer.interactive) {
            return bulk.newestOfMoreThan(newcomer);
        }
        Turn ofBulk = bulk.newestOfMost();
        return ofBulk == null ? interactive.newestOfMoreThan(newcomer) : ofBulk;
    }

    private static FairQueue queue(Turn turn, Lane lane) {
        return turn.interactive ? lane.interactive : lane.bulk;
    }

    private static void give(Turn turn, Load load, Lane lane) {
        turn.state = State.IN_FLIGHT;
        load.inFlight++;
        load.underWay.add(turn.resource);
        lane.inFlight++;
    }

    private void heard(Turn turn) {
        List<Turn> given = new ArrayList<>(0);
        synchronized (this) {
            if (turn.state != State.IN_FLIGHT) {
                return;
            }
            Lane lane = lane(turn);
            turn.state = State.HEARD;
            lane.inFlight--;
            giveTurns(lane, given);
        }
        tell(given);
    }

    private void acknowledged(Turn turn) {
        List<Turn> given = new ArrayList<>(0);
        synchronized (this) {
            if (turn.state != State.IN_FLIGHT && turn.state != State.HEARD) {
                return;
            }
            unbound(turn);
            turn.bound = executor.schedule(turn::release, hold.toNanos(), TimeUnit.NANOSECONDS);
            if (!turn.inBlocks) {
                Load load = load(turn);
                Lane lane = lane(turn);
                land(turn, load, lane);
                turn.state = State.ACKNOWLEDGED;
                giveTurns(lane, given);
                giveElsewhere(load, lane, given);
                forgetIfIdle(turn, load, lane);
            }
        }
        tell(given);
    }

    private synchronized void goesOn(Turn turn) {
        turn.inBlocks = true;
        unbound(turn);
        if (turn.state == State.ACKNOWLEDGED) {
            give(turn, load(turn), lane(turn));
        }
    }

    private static void unbound(Turn turn) {
        if (turn.bound != null) {
            turn.bound.cancel(false);
            turn.bound = null;
        }
    }

    private void release(Turn turn) {
        List<Turn> given = new ArrayList<>(0);
        synchronized (this) {
            end(turn, given);
        }
        tell(given);
    }

    private void end(Turn turn, List<Turn> given) {
        State before = turn.state;
        if (before == State.OVER || before == State.NEW) {
            turn.state = State.OVER;
            return;
        }
        unbound(turn);
        Load load = load(turn);
        Lane lane = lane(turn);
        if (before == State.WAITING) {
            queue(turn, lane).remove(turn);
            load.waiting.remove(turn);
            lane.waiting--;
            discount(turn);
        } else {
            if (before != State.ACKNOWLEDGED) {
                land(turn, load, lane);
            }
            load.underWay.remove(turn.resource);
        }
        turn.state = State.OVER;
        if (before != State.WAITING) {
            giveTurns(lane, given);
            giveElsewhere(load, lane, given);
        }
        forgetIfIdle(turn, load, lane);
    }

    /// The device and the access point have room again.
    private void land(Turn turn, Load load, Lane lane) {
        load.inFlight--;
        if (turn.state == State.IN_FLIGHT) {
            lane.inFlight--;
        }
        discount(turn);
    }

    private void discount(Turn turn) {
        if (turn.counted && turn.session != null) {
            turn.counted = false;
            underWay.computeIfPresent(turn.session, (_, count) -> count == 1 ? null : count - 1);
        }
    }

    private Load load(Turn turn) {
        return devices.computeIfAbsent(turn.mac, _ -> new Load());
    }

    /// Idle lanes go, also one through which a packet went that is only waiting for its answer.
    private Lane lane(Turn turn) {
        return lanes.computeIfAbsent(turn.accessPoint, _ -> new Lane());
    }

    /// Others may have asked for the device when it was behind another access point.
    private void giveElsewhere(Load load, Lane lane, List<Turn> given) {
        for (Turn waiting : List.copyOf(load.waiting)) {
            Lane other = lane(waiting);
            if (!other.equals(lane)) {
                giveTurns(other, given);
            }
        }
    }

    private void giveTurns(Lane lane, List<Turn> given) {
        while (lane.waiting > 0 && lane.inFlight < limits.inFlightPerAccessPoint()) {
            boolean bulkFirst = ++lane.given % BULK_EVERY == 0;
            Turn next = (bulkFirst ? lane.bulk : lane.interactive).poll(this::mayGo);
            if (next == null) {
                next = (bulkFirst ? lane.interactive : lane.bulk).poll(this::mayGo);
            }
            if (next == null) {
                return;
            }
            Load load = load(next);
            load.waiting.remove(next);
            lane.waiting--;
            give(next, load, lane);
            given.add(next);
        }
    }

    private boolean mayGo(Turn turn) {
        Load load = load(turn);
        return load.inFlight < limits.inFlightPerDevice() && !load.underWay.contains(turn.resource);
    }

    private void forgetIfIdle(Turn turn, Load load, Lane lane) {
        if (load.inFlight == 0 && load.underWay.isEmpty() && load.waiting.isEmpty()) {
            devices.remove(turn.mac);
        }
        if (lane.inFlight == 0 && lane.waiting == 0) {
            lanes.remove(turn.accessPoint);
        }
    }

    private void tell(List<Turn> given) {
        for (Turn turn : given) {
            executor.execute(() -> turn.waiter.go(turn));
        }
    }

    /// How many wait, for tests and measurements.
    synchronized int waiting() {
        return lanes.values().stream().mapToInt(lane -> lane.waiting).sum();
    }
}
