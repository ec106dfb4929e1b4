// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.upwell.field.coap.CoapCode;
import org.upwell.field.coap.CoapFormatException;
import org.upwell.field.coap.CoapMessage;
import org.upwell.field.coap.CoapOption;
import org.upwell.field.hdlc.Frame;
import org.upwell.field.hdlc.FrameKind;
import org.upwell.field.link.ByteLink;

/// What the NIC sends, and a line that can be cut.
final class TappedLink implements ByteLink {
    final List<Frame> sent = new ArrayList<>();
    boolean cut;
    boolean deaf;
    /// Answers to DISC are lost, and whatever comes until this is over.
    boolean losesConfirmations;
    private final ByteLink link;

    TappedLink(ByteLink link) {
        this.link = link;
    }

    @Override
    public void listen(Listener listener) {
        link.listen(new Listener() {
            @Override
            public void onBytes(byte[] bytes, int from, int count) {
                boolean lost = losesConfirmations && sent.getLast().kind() == FrameKind.DISCONNECT;
                if (!cut && !lost) {
                    listener.onBytes(bytes, from, count);
                }
            }

            @Override
            public void onWake() {
                if (!deaf) {
                    listener.onWake();
                }
            }

            @Override
            public void onEnd(@Nullable IOException cause) {
                listener.onEnd(cause);
            }
        });
    }

    @Override
    public void write(byte[] bytes) throws IOException {
        Frame frame = Frame.decode(bytes, 0, bytes.length);
        if (frame != null) {
            sent.add(frame);
        }
        if (!cut) {
            link.write(bytes);
        }
    }

    @Override
    public void pulseWake() {}

    @Override
    public void close() {
        link.close();
    }

    List<String> requests() {
        return sent.stream()
                .filter(frame -> frame.kind() == FrameKind.INFORMATION)
                .map(frame -> describe(frame.info()))
                .toList();
    }

    private static String describe(byte[] info) {
        try {
            CoapMessage message = CoapMessage.decode(info);
            String observe = message.option(CoapOption.OBSERVE)
                    .map(option -> " observe " + option.uintValue())
                    .orElse("");
            return CoapCode.text(message.code()) + " " + message.path() + observe;
        } catch (CoapFormatException e) {
            throw new AssertionError(e);
        }
    }
}
