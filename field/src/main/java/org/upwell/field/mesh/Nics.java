// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.upwell.field.chance.Chance;
import org.upwell.field.coap.CoapCode;
import org.upwell.field.coap.CoapFormatException;
import org.upwell.field.coap.CoapMessage;
import org.upwell.field.coap.CoapOption;
import org.upwell.field.coap.CoapType;
import org.upwell.field.mesh.Backlog.Entry;
import org.upwell.field.mesh.Telemetry.Kind;

/// The network side of many NICs: registration, one notification at a time until its 2.04, and answers to requests,
/// by the same rules as [org.upwell.field.nic.Forwarder] and its neighbours. No I/O and no clock: the owner brings
/// ticks and datagrams. Owned by one thread.
///
/// An idle device is some 45 bytes in arrays, [TimeWheel] included, for there may be a million:
/// 1. Each device has three deadlines (next reading, next registration, next attempt) and the earliest is in the wheel.
/// 2. A request is not kept but made again from numbers, byte for byte the same, when it must be repeated.
/// 3. Only what waits for the gateway is an object ([Backlog]), which goes when it is empty.
final class Nics {
    /// Where datagrams go, and the time of day.
    interface Link extends NicObservers.Link {
        /// To the gateway's field listener.
        void send(int device, byte[] datagram);

        int epochSeconds();
    }

    static final int TICK_MILLIS = 10;
    static final int TICKS_PER_SECOND = 1_000 / TICK_MILLIS;

    private static final int NEVER = Integer.MAX_VALUE;
    // RFC 7252 §4.8, with one repeat less: what matters begins anew anyway.
    private static final int ACK_TIMEOUT_TICKS = 2 * TICKS_PER_SECOND;
    private static final double ACK_RANDOM = 0.5;
    private static final int MAX_REPEATS = 3;
    private static final int ANSWER_PATIENCE_TICKS = 60 * TICKS_PER_SECOND;
    private static final int LONGEST_BACKOFF_STEP = 3;
    private static final int MAX_AGE_LIMIT_SECONDS = 900;
    private static final int DEFAULT_LIFE_SECONDS = 900;
    private static final int MAX_REFUSALS = 5;

    /// Beyond a period: what is repeated in the mesh takes its time.
    private static final int MAX_AGE_MARGIN_SECONDS = 30;

    private static final byte IDLE = 0;
    private static final byte REGISTERING = 1;
    private static final byte POSTING = 2;

    private static final int POWERED = 1;
    private static final int REGISTERED = 2;
    private static final int WANTS_REGISTRATION = 4;
    /// The gateway has the request and will answer it later.
    private static final int AWAITED = 8;
    /// A sleeping NIC that has its radio on.
    private static final int AWAKE = 16;
    private static final int REPEATS = 32;
    private static final int GARBAGE = 64;

    private final MeshField.Settings settings;
    private final Scenario scenario;
    private final int first;
    private final Link link;
    private final MeshListener listener;
    private final MeshCounters counters;
    private final TimeWheel wheel;
    private final NicObservers observers;

    private final short[] messageIds;
    private final int[] boots;
    private final int[] sequences;
    private final int[] nextReading;
    private final int[] nextRegistration;
    private final int[] nextAttempt;
    private final byte[] phases;
    private final byte[] tries;
    private final byte[] backoffSteps;
    private final byte[] refusals;
    private final byte[] flags;
    private final @Nullable Backlog[] backlogs;
    private int now;
    private boolean producing = true;

    /// @param first number of the first device in the whole field
    /// @param count devices, here numbered from 0
    Nics(MeshField.Settings settings, int first, int count, Link link, MeshListener listener, MeshCounters counters) {
        this.settings = settings;
        this.scenario = settings.scenario();
        this.first = first;
        this.link = link;
        this.listener = listener;
        this.counters = counters;
        this.wheel = new TimeWheel(count, 0);
        this.observers = new NicObservers(link, settings.period().toSeconds() + MAX_AGE_MARGIN_SECONDS);
        messageIds = new short[count];
        boots = new int[count];
        sequences = new int[count];
        nextReading = new int[count];
        nextRegistration = new int[count];
        nextAttempt = new int[count];
        phases = new byte[count];
        tries = new byte[count];
        backoffSteps = new byte[count];
        refusals = new byte[count];
        flags = new byte[count];
        backlogs = new @Nullable Backlog[count];
        Arrays.fill(boots, (int) settings.bootNumber());
        Arrays.fill(nextAttempt, NEVER);
    }

    int count() {
        return flags.length;
    }

    /// Powers every device on, evenly over the start spread of the whole field.
    void start() {
        for (int device = 0; device < flags.length; device++) {
            long spread = settings.startSpread().toMillis() / TICK_MILLIS;
            set(device, POWERED | WANTS_REGISTRATION);
            nextRegistration[device] = NEVER;
            nextAttempt[device] = (int) (spread * (first + device) / settings.devices());
            nextReading[device] = nextAttempt[device] + firstPause(device);
            schedule(device);
        }
    }

    void advance(int tick) {
        // Tick by tick, so that whatever is done at a tick sees that time.
        while (now < tick) {
            now++;
            wheel.advance(now, this::onDue);
        }
    }

    /// No reading from now on; what waits still goes.
    void stopProducing() {
        producing = false;
    }

    /// Whether a datagram reaches the device's radio.
    boolean hears(int device) {
        return has(device, POWERED) && (!sleeps(device) || has(device, AWAKE));
    }

    /// Whether the device is on, so that it may send.
    boolean isPowered(int device) {
        return has(device, POWERED);
    }

    long mac(int device) {
        return settings.firstMac() + first + device;
    }

    int waiting(int device) {
        Backlog backlog = backlogs[device];
        return backlog == null ? 0 : backlog.size();
    }

    /// The device has another address.
    void onMoved(int device) {
        if (has(device, POWERED)) {
            wantRegistration(device);
            // What was asked from the old address is answered there.
            phases[device] = IDLE;
            nextAttempt[device] = now;
            attempt(device);
            schedule(device);
        }
    }

    /// The mains have gone; the capacitor lasts a little.
    void onMainsLost(int device) {
        if (has(device, POWERED) && producing) {
            make(device, Kind.POWER_LOST);
            attempt(device);
            schedule(device);
        }
    }

    void powerOff(int device) {
        setRegistered(device, false);
        flags[device] = (byte) (flags[device] & (REPEATS | GARBAGE));
        phases[device] = IDLE;
        observers.forget(device);
        wheel.cancel(device);
    }

    /// Starts anew after [#powerOff]; what waited, waits still.
    void powerOn(int device, boolean tell) {
        if (has(device, POWERED)) {
            return;
        }
        boots[device]++;
        set(device, POWERED | WANTS_REGISTRATION);
        backoffSteps[device] = 0;
        nextRegistration[device] = NEVER;
        nextAttempt[device] = now;
        nextReading[device] = now + firstPause(device);
        if (tell && producing) {
            make(device, Kind.POWER_BACK);
        }
        schedule(device);
    }

    void misbehave(int device, Weather.Misbehaviour.Kind kind, boolean on) {
        int flag = kind == Weather.Misbehaviour.Kind.REPEATS ? REPEATS : GARBAGE;
        if (on) {
            set(device, flag);
        } else {
            clear(device, flag);
        }
    }

    private void onDue(int device) {
        if (!has(device, POWERED)) {
            return;
        }
        if (nextReading[device] <= now) {
            nextReading[device] = now + pause();
            if (producing) {
                make(device, Kind.READING);
            }
        }
        if (nextRegistration[device] <= now) {
            wantRegistration(device);
        }
        if (phases[device] != IDLE && nextAttempt[device] <= now) {
            repeat(device);
        }
        attempt(device);
        schedule(device);
    }

    private void schedule(int device) {
        int due = Math.min(nextReading[device], Math.min(nextRegistration[device], nextAttempt[device]));
        wheel.schedule(device, due);
    }

    /// Places of one period each, so that the even day stays even.
    private int firstPause(int device) {
        return 1 + (int) (periodTicks() * chance(Chance.PHASE, device, boots[device]));
    }

    private int pause() {
        double rate = scenario.rate((long) now * TICK_MILLIS);
        return (int) Math.max(1, Math.min(Integer.MAX_VALUE >> 2, periodTicks() / rate));
    }

    private long periodTicks() {
        return settings.period().toMillis() / TICK_MILLIS;
    }

    private void make(int device, Kind kind) {
        Backlog backlog = backlogs[device];
        if (backlog == null) {
            backlog = new Backlog();
            backlogs[device] = backlog;
        } else if (backlog.size() >= settings.bufferLimit()) {
            makeRoom(device, backlog);
        }
        int sequence = ++sequences[device];
        (kind == Kind.READING ? counters.readings : counters.alerts).incrementAndGet();
        listener.onMade(first + device, sequence);
        backlog.add(new Entry(boots[device], sequence, kind, link.epochSeconds(), now));
        String only = kind == Kind.READING ? "" : kind.uri();
        observers.onChange(device, only, hears(device), request -> answer(device, request));
        if (has(device, GARBAGE)) {
            link.send(device, new byte[] {(byte) 0xFF, (byte) sequence, 0x7E, (byte) 0xA0});
        }
    }

    private void makeRoom(int device, Backlog backlog) {
        Entry oldest;
        if (phases[device] == POSTING) {
            // What is under way stays, or its 2.04 would be taken for another's.
            if (backlog.size() == 1) {
                return;
            }
            oldest = backlog.removeSecond();
        } else {
            oldest = backlog.first();
            backlog.removeFirst();
        }
        counters.dropped.incrementAndGet();
        listener.onDropped(first + device, oldest.sequence());
    }

    /// Sends the next thing, if there is one and its time has come.
    private void attempt(int device) {
        if (phases[device] != IDLE || (nextAttempt[device] != NEVER && nextAttempt[device] > now)) {
            return;
        }
        boolean registers = has(device, WANTS_REGISTRATION);
        if (!registers && backlogs[device] == null) {
            clear(device, AWAKE);
            nextAttempt[device] = NEVER;
            return;
        }
        if (sleeps(device) && !has(device, AWAKE)) {
            if (nextAttempt[device] == NEVER) {
                nextAttempt[device] = nextWakeUp(device);
                return;
            }
            set(device, AWAKE);
        }
        phases[device] = registers ? REGISTERING : POSTING;
        tries[device] = 0;
        messageIds[device]++;
        clear(device, AWAITED);
        if (registers) {
            clear(device, WANTS_REGISTRATION);
        }
        send(device);
    }

    private void send(int device) {
        double stretched = ACK_TIMEOUT_TICKS
                * (1 + ACK_RANDOM * chance(Chance.TIMEOUT, device, messageId(device) + ((long) tries[device] << 16)));
        nextAttempt[device] = now + ((int) stretched << tries[device]);
        link.send(device, request(device));
    }

    private byte[] request(int device) {
        Backlog backlog = backlogs[device];
        if (phases[device] == REGISTERING || backlog == null) {
            return Telemetry.registration(mac(device), boots[device], messageId(device));
        }
        return Telemetry.bubbleUp(mac(device), backlog.first(), messageId(device));
    }

    private void repeat(int device) {
        if (!has(device, AWAITED) && tries[device] < MAX_REPEATS) {
            tries[device]++;
            send(device);
        } else {
            giveUp(device, -1);
        }
    }

    /// For now: begins anew, with a fresh message ID, after a pause.
    private void giveUp(int device, long maxAgeSeconds) {
        if (phases[device] == REGISTERING) {
            set(device, WANTS_REGISTRATION);
        }
        phases[device] = IDLE;
        int seconds =
                maxAgeSeconds > 0 ? (int) Math.min(maxAgeSeconds, MAX_AGE_LIMIT_SECONDS) : 1 << backoffSteps[device];
        if (maxAgeSeconds <= 0 && backoffSteps[device] < LONGEST_BACKOFF_STEP) {
            backoffSteps[device]++;
        }
        nextAttempt[device] = now + seconds * TICKS_PER_SECOND;
    }

    private CoapMessage answer(int device, CoapMessage request) {
        return NicAnswers.answer(mac(device), boots[device], request, link.epochSeconds());
    }

    /// A datagram for this device. Returns the answer to send back, if there is one.
    byte @Nullable [] onDatagram(int device, byte[] peer, byte[] bytes) {
        CoapMessage message;
        try {
            message = CoapMessage.decode(bytes);
        } catch (CoapFormatException _) {
            return null;
        }
        byte[] reply = null;
        if (message.code() == CoapCode.EMPTY) {
            reply = onEmpty(device, peer, message);
        } else if (message.code() < 0x20) {
            boolean request = message.type() == CoapType.CONFIRMABLE || message.type() == CoapType.NON_CONFIRMABLE;
            reply = request
                    ? observers
                            .answered(device, peer, message, answer(device, message))
                            .encode()
                    : null;
        } else {
            reply = onResponse(device, message);
        }
        attempt(device);
        schedule(device);
        return reply;
    }

    private byte @Nullable [] onEmpty(int device, byte[] peer, CoapMessage message) {
        if (message.messageId() >= NicObservers.NOTIFICATION_IDS && message.type() != CoapType.CONFIRMABLE) {
            var _ = observers.onAnswer(device, peer, message);
            return null;
        }
        boolean ours = phases[device] != IDLE && message.messageId() == messageId(device);
        if (message.type() == CoapType.ACKNOWLEDGEMENT && ours) {
            set(device, AWAITED);
            nextAttempt[device] = now + ANSWER_PATIENCE_TICKS;
        } else if (message.type() == CoapType.RESET && ours) {
            giveUp(device, -1);
        } else if (message.type() == CoapType.CONFIRMABLE) {
            // CoAP ping, RFC 7252 §4.3.
            return CoapMessage.empty(CoapType.RESET, message.messageId()).encode();
        }
        return null;
    }

    private byte @Nullable [] onResponse(int device, CoapMessage message) {
        byte[] reply = message.type() == CoapType.CONFIRMABLE
                ? CoapMessage.empty(CoapType.ACKNOWLEDGEMENT, message.messageId())
                        .encode()
                : null;
        boolean ours = phases[device] != IDLE
                && Arrays.equals(message.token(), Telemetry.token(messageId(device)))
                && (message.type() != CoapType.ACKNOWLEDGEMENT || message.messageId() == messageId(device));
        if (!ours) {
            return reply;
        }
        long maxAge =
                message.option(CoapOption.MAX_AGE).map(CoapOption::uintValue).orElse(-1L);
        if (phases[device] == REGISTERING) {
            onRegistered(device, message.code(), maxAge);
        } else {
            onPosted(device, message.code(), maxAge);
        }
        return reply;
    }

    private void onRegistered(int device, int code, long maxAge) {
        if (!CoapCode.isSuccess(code)) {
            giveUp(device, maxAge);
            return;
        }
        long life = maxAge > 0 ? maxAge : DEFAULT_LIFE_SECONDS;
        setRegistered(device, true);
        nextRegistration[device] = now + (int) Math.min(life * TICKS_PER_SECOND * 2 / 3, Integer.MAX_VALUE / 4);
        succeeded(device);
    }

    private void onPosted(int device, int code, long maxAge) {
        Backlog backlog = backlogs[device];
        if (backlog == null) {
            phases[device] = IDLE;
            return;
        }
        if (CoapCode.isSuccess(code)) {
            Entry entry = backlog.first();
            remove(device, backlog);
            counters.acknowledged.incrementAndGet();
            counters.delays.add((long) (now - entry.tick()) * TICK_MILLIS);
            succeeded(device);
            if (has(device, REPEATS)) {
                messageIds[device]++;
                link.send(device, Telemetry.bubbleUp(mac(device), entry, messageId(device)));
            }
            return;
        }
        boolean unknown = code == CoapCode.UNAUTHORIZED || code == CoapCode.FORBIDDEN || code == CoapCode.NOT_FOUND;
        if (unknown) {
            wantRegistration(device);
        } else if (code >> 5 == 4 && ++refusals[device] >= MAX_REFUSALS) {
            refusals[device] = 0;
            Entry entry = backlog.first();
            remove(device, backlog);
            counters.dropped.incrementAndGet();
            listener.onDropped(first + device, entry.sequence());
        }
        giveUp(device, maxAge);
    }

    private void remove(int device, Backlog backlog) {
        backlog.removeFirst();
        if (backlog.size() == 0) {
            backlogs[device] = null;
        }
    }

    private void succeeded(int device) {
        phases[device] = IDLE;
        backoffSteps[device] = 0;
        refusals[device] = 0;
        nextAttempt[device] = now;
    }

    private void wantRegistration(int device) {
        set(device, WANTS_REGISTRATION);
        setRegistered(device, false);
        nextRegistration[device] = NEVER;
        if (nextAttempt[device] == NEVER) {
            nextAttempt[device] = now;
        }
    }

    private void setRegistered(int device, boolean registered) {
        if (registered != has(device, REGISTERED)) {
            counters.registered.addAndGet(registered ? 1 : -1);
            flags[device] = (byte) (flags[device] ^ REGISTERED);
        }
    }

    private boolean sleeps(int device) {
        return scenario.sleeping() > 0 && chance(Chance.SLEEPS, device, 0) < scenario.sleeping();
    }

    private int nextWakeUp(int device) {
        int every = (int) (scenario.wakeEvery().toMillis() / TICK_MILLIS);
        int phase = (int) (every * chance(Chance.SLEEPS, device, 1));
        return now + 1 + Math.floorMod(phase - now - 1, every);
    }

    private double chance(int purpose, int device, long count) {
        return Chance.of(scenario.seed(), purpose, first + device, count);
    }

    private int messageId(int device) {
        return messageIds[device] & (NicObservers.NOTIFICATION_IDS - 1);
    }

    private boolean has(int device, int flag) {
        return (flags[device] & flag) != 0;
    }

    private void set(int device, int flag) {
        flags[device] = (byte) (flags[device] | flag);
    }

    private void clear(int device, int flag) {
        flags[device] = (byte) (flags[device] & ~flag);
    }
}
