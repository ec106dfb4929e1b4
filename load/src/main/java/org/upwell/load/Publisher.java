// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/// One publisher: its connection, its packet, what it has sent. Owned by the loop.
final class Publisher {
    private final LoadConnection connection;
    private final PublishTemplate template;
    private final int window;
    private final int refill;
    private final @Nullable SendWindow handshakes;
    private long sent;
    private boolean due;

    /// @param window that is in force: the broker may allow less than was asked for
    Publisher(LoadConnection connection, PublishTemplate template, Senders senders, int window) {
        this.connection = connection;
        this.template = template;
        this.window = window;
        this.refill = senders.refillAt(window);
        this.handshakes = senders.qos() == 0 ? null : new SendWindow(senders.qos(), window);
    }

    LoadConnection connection() {
        return connection;
    }

    PublishTemplate template() {
        return template;
    }

    int number() {
        return connection.number();
    }

    int refill() {
        return refill;
    }

    /// Messages sent so far.
    long sent() {
        return sent;
    }

    int unacknowledged() {
        return handshakes == null ? 0 : handshakes.unacknowledged();
    }

    /// Messages that may be sent by the window of handshakes alone.
    int free() {
        return handshakes == null ? window : handshakes.free();
    }

    /// Whether it is in a list of those who have to look if they may send.
    boolean isDue() {
        return due;
    }

    void due(boolean now) {
        due = now;
    }

    /// Appends the next message to the connection's bytes.
    ///
    /// @return where it begins there
    int append(ByteBuf out, int stream, long sequence, long stampNanos, long nowNanos) {
        int id = handshakes == null ? 0 : handshakes.take(nowNanos);
        sent++;
        return template.append(out, id, stream, sequence, stampNanos);
    }

    /// Goes on with the handshake of a message.
    ///
    /// @return whether it is over
    boolean acknowledged(int type, int packetId, int reason, Acknowledgements counts) {
        SendWindow window = handshakes;
        if (window == null) {
            counts.wrong();
            return false;
        }
        boolean refused = reason >= 0x80;
        return switch (window.acknowledged(type, packetId, refused)) {
            case DONE -> {
                counts.done(connection.readNanos() - window.sentNanos(packetId), refused);
                yield true;
            }
            case RELEASE -> {
                connection.release(packetId);
                yield false;
            }
            case WRONG -> {
                counts.wrong();
                yield false;
            }
        };
    }
}
