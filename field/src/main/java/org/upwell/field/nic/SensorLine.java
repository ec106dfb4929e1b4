// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.field.hdlc.Frame;
import org.upwell.field.hdlc.HdlcPrimary;
import org.upwell.field.hdlc.HdlcPrimary.Outcome;
import org.upwell.field.hdlc.HdlcPrimary.Step;
import org.upwell.field.link.ByteLink;
import org.upwell.field.loop.Loop;

/// The NIC's procedures on the UART: collect what the sensor has to say, and carry one request at a time. Owned by the
/// NIC's loop.
///
/// 1. Collecting is RR, and DISC only if a message came, since DISC clears the sensor's one slot for good. Nothing else
///    goes between the two: what falls due meanwhile is lost on the sensor.
/// 2. A message that comes again before DISC was confirmed is the same message, however numbered.
/// 3. Older firmware overwrites its slot and pulses again. A pulse between RR and DISC therefore means another RR.
/// 4. The sensor pulses once and never again, so the line is polled by a timer too.
/// 5. A link that went silent begins again with SNRM, which keeps what waits on the sensor.
final class SensorLine {
    /// How a request ended.
    sealed interface Answer {
        /// The sensor's message; without bytes the sensor only acknowledged.
        @SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
        record Message(byte[] bytes) implements Answer {}

        /// FRMR, or the sensor lost the link twice in a row.
        record Refused() implements Answer {}

        /// No answer, after all attempts.
        record Silent() implements Answer {}

        /// Too many requests wait already.
        record Busy() implements Answer {}
    }

    /// Told on the loop.
    interface Listener {
        /// A message that the sensor sent unasked; each once.
        ///
        /// @throws UncheckedIOException when it could not be kept; it is then brought again later
        void onMessage(byte[] message);

        /// A collection has ended: the sensor answered it, or did not.
        void onCollected(boolean reachable);

        /// The link is gone for good.
        void onLinkEnd(IOException cause);
    }

    @SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
    private record Request(byte[] message, Consumer<Answer> done) {}

    private static final Logger LOG = LoggerFactory.getLogger(SensorLine.class);
    private static final int MAX_WAITING = 32;
    private static final int MAX_POLLS_PER_COLLECTION = 4;

    private final Loop loop;
    private final ByteLink link;
    private final HdlcPrimary primary;
    private final Duration pollInterval;
    private final Listener listener;
    private final Deque<Request> requests = new ArrayDeque<>();

    private @Nullable Request current;
    private int maxMessageBytes = Frame.MAX_INFO_BYTES;
    private boolean collectWanted;
    private boolean wakeSeen;
    private boolean busy;
    private boolean closed;
    private int reconnects;
    private int polls;
    private byte @Nullable [] uncleared;
    private Loop.@Nullable Timer answerTimer;
    private Loop.@Nullable Timer pollTimer;
    private Consumer<Outcome> then = outcome -> {};

    SensorLine(Loop loop, ByteLink link, HdlcPrimary.Timing timing, Duration pollInterval, Listener listener) {
        this.loop = loop;
        this.link = link;
        this.primary = new HdlcPrimary(timing);
        this.pollInterval = pollInterval;
        this.listener = listener;
    }

    /// Begins with a collection: the sensor may have spoken, once, before this NIC was there.
    void start() {
        link.listen(new ByteLink.Listener() {
            @Override
            public void onBytes(byte[] bytes, int from, int count) {
                byte[] copy = Arrays.copyOfRange(bytes, from, from + count);
                loop.execute(() -> receive(copy));
            }

            @Override
            public void onWake() {
                loop.execute(SensorLine.this::wake);
            }

            @Override
            public void onEnd(@Nullable IOException cause) {
                loop.execute(() -> fail(cause == null ? new IOException("the link has ended") : cause));
            }
        });
        collect();
    }

    void close() {
        closed = true;
        stopTimers();
        link.close();
        if (current != null) {
            current.done().accept(new Answer.Silent());
            current = null;
        }
        for (Request request = requests.poll(); request != null; request = requests.poll()) {
            request.done().accept(new Answer.Silent());
        }
    }

    void request(byte[] message, Consumer<Answer> done) {
        if (closed) {
            done.accept(new Answer.Silent());
        } else if (requests.size() >= MAX_WAITING) {
            done.accept(new Answer.Busy());
        } else {
            requests.add(new Request(message, done));
            next();
        }
    }

    void collect() {
        collectWanted = true;
        next();
    }

    private void wake() {
        wakeSeen = true;
        collect();
    }

    private void next() {
        if (busy || closed) {
            return;
        }
        if (collectWanted) {
            busy = true;
            collectWanted = false;
            reconnects = 0;
            polls = 0;
            stop(pollTimer);
            ensureConnected(this::poll, outcome -> collected(false));
            return;
        }
        Request request = requests.poll();
        if (request != null) {
            busy = true;
            reconnects = 0;
            current = request;
            carry(request);
        }
    }

    private void ready() {
        busy = false;
        next();
    }

    private void ensureConnected(Runnable connected, Consumer<Outcome> failed) {
        if (primary.isConnected()) {
            connected.run();
            return;
        }
        exchange(primary.connect(loop.nanoTime()), outcome -> {
            if (outcome instanceof Outcome.Connected up) {
                maxMessageBytes = Math.min(Frame.MAX_INFO_BYTES, up.parameters().maxInfoReceived());
                connected.run();
            } else {
                failed.accept(outcome);
            }
        });
    }

    private void poll() {
        polls++;
        // Whatever was pulsed for until now is what this RR brings.
        wakeSeen = false;
        collectWanted = false;
        exchange(primary.poll(loop.nanoTime()), outcome -> {
            switch (outcome) {
                case Outcome.Received received -> onCollected(received.info());
                case Outcome.Nothing _ -> {
                    // The sensor's slot is empty: that DISC came through, though its confirmation did not. What is
                    // equal from now on is a new message, as every reboot event is.
                    uncleared = null;
                    collected(true);
                }
                case Outcome.NotConnected _ -> pollAgain();
                case Outcome.Silent _ -> collected(false);
                default -> collected(true);
            }
        });
    }

    /// The sensor has been restarted, or somebody disconnected it.
    private void pollAgain() {
        if (reconnects++ == 0) {
            ensureConnected(this::poll, outcome -> collected(false));
        } else {
            collected(false);
        }
    }

    private void onCollected(byte[] message) {
        byte[] known = uncleared;
        if (known == null || !Arrays.equals(known, message)) {
            // Before DISC: when this NIC dies in between, the sensor still has it.
            try {
                listener.onMessage(message);
            } catch (UncheckedIOException e) {
                // Nor DISC now: the next collection brings it again.
                LOG.warn("a message of the sensor could not be kept: {}", e.getMessage(), e);
                collected(true);
                return;
            }
            uncleared = message;
        }
        if (wakeSeen && polls < MAX_POLLS_PER_COLLECTION) {
            poll();
            return;
        }
        exchange(primary.disconnect(loop.nanoTime()), outcome -> {
            boolean cleared = outcome instanceof Outcome.Disconnected;
            if (cleared) {
                uncleared = null;
            }
            collected(cleared);
        });
    }

    private void collected(boolean reachable) {
        // A pulse since the last RR is a message that this collection did not see.
        collectWanted |= wakeSeen && reachable;
        pollTimer = loop.after(pollInterval, this::collect);
        listener.onCollected(reachable);
        ready();
    }

    private void carry(Request request) {
        ensureConnected(() -> send(request), outcome -> finish(request, new Answer.Silent()));
    }

    private void send(Request request) {
        if (request.message().length > maxMessageBytes) {
            finish(request, new Answer.Refused());
            return;
        }
        exchange(primary.request(request.message(), loop.nanoTime()), outcome -> {
            switch (outcome) {
                case Outcome.Received received -> finish(request, new Answer.Message(received.info()));
                case Outcome.NotConnected _ -> carryAgain(request);
                case Outcome.Silent _ -> finish(request, new Answer.Silent());
                default -> finish(request, new Answer.Refused());
            }
        });
    }

    private void carryAgain(Request request) {
        if (reconnects++ == 0) {
            carry(request);
        } else {
            finish(request, new Answer.Refused());
        }
    }

    private void finish(Request request, Answer answer) {
        current = null;
        request.done().accept(answer);
        ready();
    }

    private void exchange(byte[] frame, Consumer<Outcome> continuation) {
        then = continuation;
        send(frame);
    }

    private void send(byte[] frame) {
        try {
            link.write(frame);
        } catch (IOException e) {
            fail(e);
            return;
        }
        stop(answerTimer);
        long nanos = Math.max(0, primary.deadlineNanos() - loop.nanoTime());
        answerTimer = loop.after(Duration.ofNanos(nanos), this::onTime);
    }

    private void receive(byte[] bytes) {
        if (!closed) {
            end(primary.onBytes(bytes, 0, bytes.length));
        }
    }

    private void onTime() {
        if (closed || !primary.isBusy()) {
            return;
        }
        switch (primary.onTime(loop.nanoTime())) {
            case Step.Send again -> send(again.frame());
            case Step.Finish finish -> end(finish.outcome());
            case Step.Wait _ -> {
                long nanos = Math.max(1, primary.deadlineNanos() - loop.nanoTime());
                answerTimer = loop.after(Duration.ofNanos(nanos), this::onTime);
            }
        }
    }

    private void end(@Nullable Outcome outcome) {
        if (outcome != null) {
            stop(answerTimer);
            then.accept(outcome);
        }
    }

    private void fail(IOException cause) {
        if (!closed) {
            close();
            listener.onLinkEnd(cause);
        }
    }

    private void stopTimers() {
        stop(answerTimer);
        stop(pollTimer);
    }

    private static void stop(Loop.@Nullable Timer timer) {
        if (timer != null) {
            timer.cancel();
        }
    }
}
