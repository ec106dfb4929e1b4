// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.hdlc;

import org.jspecify.annotations.Nullable;

/// The sensor's end of the link: normal response mode, window 1, modulo 8, behaving as the running firmware does, its
/// oddities included (field protocol §6). No I/O and no clock: the owner gives it what stood on the line between two
/// pauses and sends what it answers. Owned by one thread.
///
/// What looks wrong but is meant:
/// 1. There is no duplicate filter. A repeated I-frame is executed again, a wrong N(S) too; only V(R) stays.
/// 2. The one pending message survives acknowledgement. It is handed over at every RR until DISC on a live link clears
///    it, collected or not.
/// 3. V(S) moves when an N(R) acknowledges it, whatever frame carried that number; any other N(R) changes nothing.
public final class HdlcSecondary {
    /// Answers one CoAP message.
    public interface MessageHandler {
        /// Null: no answer at all (the frame still counts as received). Empty: an I-frame without info.
        byte @Nullable [] answer(byte[] message);
    }

    private final MessageHandler handler;
    private final LinkParameters parameters;

    private boolean connected;
    private int sendState;
    private int receiveState;
    private byte @Nullable [] pending;

    public HdlcSecondary(MessageHandler handler) {
        this.handler = handler;
        this.parameters = LinkParameters.SENSOR;
    }

    /// Answers what came in between two pauses: exactly one frame, or it is noise and met with silence (null).
    public byte @Nullable [] receive(byte[] bytes, int from, int to) {
        Frame frame = Frame.decode(bytes, from, to);
        if (frame == null || frame.kind() == FrameKind.UNKNOWN) {
            return null;
        }
        Frame answer = answer(frame);
        return answer == null ? null : answer.encode();
    }

    /// Makes a message pending; true when the wake line is to be pulsed. While one waits, another is either discarded
    /// without a pulse or, where the firmware overwrites, takes its place.
    public boolean offer(byte[] message, boolean overwrite) {
        if (pending != null && !overwrite) {
            return false;
        }
        pending = message;
        return true;
    }

    public boolean hasPending() {
        return pending != null;
    }

    public boolean isConnected() {
        return connected;
    }

    /// As after power-on: disconnected, nothing pending.
    public void reset() {
        connected = false;
        sendState = 0;
        receiveState = 0;
        pending = null;
    }

    private @Nullable Frame answer(Frame frame) {
        FrameKind kind = frame.kind();
        if (kind == FrameKind.SET_NORMAL_RESPONSE_MODE) {
            connected = true;
            sendState = 0;
            receiveState = 0;
            return Frame.unnumbered(FrameKind.UNNUMBERED_ACKNOWLEDGEMENT, parameters.encode());
        }
        if (!connected) {
            return Frame.unnumbered(FrameKind.DISCONNECTED_MODE);
        }
        return switch (kind) {
            case INFORMATION -> answerInformation(frame);
            case RECEIVE_READY -> answerPoll(frame);
            case DISCONNECT -> {
                connected = false;
                pending = null;
                yield Frame.unnumbered(FrameKind.UNNUMBERED_ACKNOWLEDGEMENT);
            }
            default -> Frame.unnumbered(FrameKind.FRAME_REJECT);
        };
    }

    private @Nullable Frame answerInformation(Frame frame) {
        acknowledge(frame.receiveNumber());
        if (frame.sendNumber() == receiveState) {
            receiveState = (receiveState + 1) & 7;
        }
        byte[] answer = handler.answer(frame.info());
        return answer == null ? null : Frame.information(sendState, receiveState, answer);
    }

    private Frame answerPoll(Frame frame) {
        acknowledge(frame.receiveNumber());
        byte[] waiting = pending;
        return waiting == null ? Frame.receiveReady(receiveState) : Frame.information(sendState, receiveState, waiting);
    }

    private void acknowledge(int receiveNumber) {
        if (receiveNumber == ((sendState + 1) & 7)) {
            sendState = receiveNumber;
        }
    }
}
