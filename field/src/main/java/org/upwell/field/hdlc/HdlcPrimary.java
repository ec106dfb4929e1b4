// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.hdlc;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// The NIC's end of the link: normal response mode, window 1, modulo 8; one exchange at a time, always begun here. No
/// I/O and no clock: the owner sends the frames that it is given, brings bytes and the time, and gets one [Outcome] for
/// each exchange. Owned by one thread.
///
/// Recovery:
/// 1. No answer in time: the same frame again, since RR does not bring a lost answer back.
/// 2. Still none: the exchange is [Outcome.Silent] and the link counts as down, so the next exchange must begin with
///    [#connect], which resets the counters on both sides and loses nothing on the sensor.
/// 3. An I-frame with a number out of turn is the late answer to a frame that was sent twice: dropped, or it would be
///    taken for the answer to the next request.
/// 4. FRMR leaves the link up; DM says that the sensor has been restarted or is disconnected.
public final class HdlcPrimary {
    /// How an exchange ended.
    public sealed interface Outcome {
        /// UA to SNRM.
        record Connected(LinkParameters parameters) implements Outcome {}

        /// UA or DM to DISC.
        record Disconnected() implements Outcome {}

        /// An I-frame, the answer to a request or a poll; without bytes it only acknowledges.
        @SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
        record Received(byte[] info) implements Outcome {}

        /// RR to a poll: nothing pending. RR to a request: taken, but without an answer.
        record Nothing() implements Outcome {}

        /// FRMR.
        record Rejected() implements Outcome {}

        /// DM: the sensor is not connected (any more).
        record NotConnected() implements Outcome {}

        /// No answer to any attempt.
        record Silent() implements Outcome {}
    }

    /// What the owner has to do when time has passed.
    public sealed interface Step {
        @SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
        record Send(byte[] frame) implements Step {}

        record Finish(Outcome outcome) implements Step {}

        record Wait() implements Step {}
    }

    /// @param answerTimeout sensors answer 0.4 s after the last byte plus the handler's time (0.4–1.3 s seen)
    /// @param attempts how often a frame is sent before the sensor counts as silent
    public record Timing(Duration answerTimeout, int attempts) {
        public static final Timing DEFAULT = new Timing(Duration.ofSeconds(4), 3);

        public Timing {
            if (answerTimeout.isNegative() || answerTimeout.isZero() || attempts < 1) {
                throw new IllegalArgumentException("answer timeout and attempts must be positive");
            }
        }
    }

    private final Timing timing;
    private final FrameReader reader = new FrameReader();

    private boolean connected;
    private int sendState;
    private int receiveState;

    private @Nullable Frame outstanding;
    private int attemptsLeft;
    private long deadlineNanos;
    private long strayFrames;

    public HdlcPrimary(Timing timing) {
        this.timing = timing;
    }

    /// SNRM(P); allowed on a live link, too.
    public byte[] connect(long nowNanos) {
        connected = false;
        return begin(Frame.unnumbered(FrameKind.SET_NORMAL_RESPONSE_MODE), nowNanos);
    }

    /// DISC(P); clears the sensor's pending message, so poll first.
    public byte[] disconnect(long nowNanos) {
        return begin(Frame.unnumbered(FrameKind.DISCONNECT), nowNanos);
    }

    /// RR(P): asks for the pending message.
    public byte[] poll(long nowNanos) {
        return begin(Frame.receiveReady(receiveState), nowNanos);
    }

    /// One CoAP message as an I-frame.
    public byte[] request(byte[] message, long nowNanos) {
        return begin(Frame.information(sendState, receiveState, message), nowNanos);
    }

    public boolean isConnected() {
        return connected;
    }

    public boolean isBusy() {
        return outstanding != null;
    }

    /// When [#onTime] is due; meaningful while busy only.
    public long deadlineNanos() {
        return deadlineNanos;
    }

    /// Frames that were no answer to anything outstanding, since the start.
    public long strayFrames() {
        return strayFrames;
    }

    /// Bytes from the line. The outcome of the outstanding exchange once its answer is whole, else null.
    public @Nullable Outcome onBytes(byte[] bytes, int from, int count) {
        Outcome outcome = null;
        int taken = 0;
        while (taken < count) {
            taken += reader.append(bytes, from + taken, count - taken);
            Outcome found = drain();
            outcome = found == null ? outcome : found;
        }
        return outcome;
    }

    /// Time has passed. Only to be called while busy.
    public Step onTime(long nowNanos) {
        Frame frame = outstanding;
        if (frame == null || nowNanos - deadlineNanos < 0) {
            return new Step.Wait();
        }
        Outcome outcome = null;
        // A cut-off or harmed frame may hide a good one.
        long before;
        do {
            before = reader.discardedBytes();
            reader.giveUpPartial();
            outcome = drain();
        } while (outcome == null && reader.discardedBytes() != before);
        if (outcome != null) {
            return new Step.Finish(outcome);
        }
        attemptsLeft--;
        if (attemptsLeft > 0) {
            deadlineNanos = nowNanos + timing.answerTimeout().toNanos();
            return new Step.Send(frame.encode());
        }
        outstanding = null;
        connected = false;
        return new Step.Finish(new Outcome.Silent());
    }

    private byte[] begin(Frame frame, long nowNanos) {
        if (outstanding != null) {
            throw new IllegalStateException("an exchange is under way");
        }
        outstanding = frame;
        attemptsLeft = timing.attempts();
        deadlineNanos = nowNanos + timing.answerTimeout().toNanos();
        return frame.encode();
    }

    private @Nullable Outcome drain() {
        Outcome outcome = null;
        for (Frame frame = reader.next(); frame != null; frame = reader.next()) {
            Frame request = outstanding;
            Outcome found = request == null ? null : outcome(request, frame);
            if (found == null) {
                strayFrames++;
            } else {
                outstanding = null;
                outcome = found;
            }
        }
        return outcome;
    }

    /// Null: not an answer to this request.
    private @Nullable Outcome outcome(Frame request, Frame answer) {
        FrameKind asked = request.kind();
        return switch (answer.kind()) {
            case UNNUMBERED_ACKNOWLEDGEMENT -> onAcknowledgement(asked, answer);
            case INFORMATION -> onInformation(asked, answer);
            case RECEIVE_READY -> onReceiveReady(asked, answer);
            case DISCONNECTED_MODE -> onDisconnectedMode(asked);
            case FRAME_REJECT -> new Outcome.Rejected();
            default -> null;
        };
    }

    private @Nullable Outcome onAcknowledgement(FrameKind asked, Frame answer) {
        if (asked == FrameKind.SET_NORMAL_RESPONSE_MODE) {
            connected = true;
            sendState = 0;
            receiveState = 0;
            return new Outcome.Connected(LinkParameters.decode(answer.info()).orElse(LinkParameters.SENSOR));
        }
        if (asked == FrameKind.DISCONNECT && answer.info().length == 0) {
            connected = false;
            return new Outcome.Disconnected();
        }
        return null;
    }

    private @Nullable Outcome onInformation(FrameKind asked, Frame answer) {
        boolean isRequest = asked == FrameKind.INFORMATION;
        if (!isRequest && asked != FrameKind.RECEIVE_READY) {
            return null;
        }
        int expectedReceiveNumber = isRequest ? (sendState + 1) & 7 : sendState;
        if (answer.sendNumber() != receiveState || answer.receiveNumber() != expectedReceiveNumber) {
            return null;
        }
        sendState = expectedReceiveNumber;
        receiveState = (receiveState + 1) & 7;
        return new Outcome.Received(answer.info());
    }

    private @Nullable Outcome onReceiveReady(FrameKind asked, Frame answer) {
        if (asked == FrameKind.RECEIVE_READY) {
            // Some bad requests get no answer but advance the sensor's counter: follow it.
            sendState = answer.receiveNumber();
            return new Outcome.Nothing();
        }
        if (asked == FrameKind.INFORMATION && answer.receiveNumber() == ((sendState + 1) & 7)) {
            sendState = answer.receiveNumber();
            return new Outcome.Nothing();
        }
        return null;
    }

    private Outcome onDisconnectedMode(FrameKind asked) {
        connected = false;
        return asked == FrameKind.DISCONNECT ? new Outcome.Disconnected() : new Outcome.NotConnected();
    }
}
