// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;

/// One message on its way to the server. Made by any thread, then owned by the client's event loop.
final class Outgoing {

    /// Where the handshake stands.
    enum State {
        /// Not yet sent on any connection, or sent and not acknowledged.
        PUBLISHING,
        /// PUBREC came, and the store is still writing that down.
        RELEASING,
        /// PUBREC came: only PUBREL may be sent.
        RELEASED,
        FINISHED
    }

    private final CompletableFuture<ReasonCode> result = new CompletableFuture<>();
    private final int bytes;
    private final @Nullable Outstanding room;
    private final boolean repeatsAnother;
    private Publish publish;
    private boolean settled;

    State state = State.PUBLISHING;
    /// The place in the order of sending, for QoS 1 and 2.
    long order;
    /// Whether PUBLISH went out in the server's present session.
    boolean sent;
    /// The connection, by its number, whose send quota this message uses; 0 for none.
    int quotaOf;

    /// `room` is where `bytes` were taken from, null for a message out of the store.
    Outgoing(Publish publish, int bytes, @Nullable Outstanding room) {
        this.publish = publish;
        this.bytes = bytes;
        this.room = room;
        this.repeatsAnother = publish.dup() && publish.packetId() != 0 && room != null;
    }

    Publish publish() {
        return publish;
    }

    QoS qos() {
        return publish.qos();
    }

    int packetId() {
        return publish.packetId();
    }

    int bytes() {
        return bytes;
    }

    void packetId(int packetId) {
        replace(publish.dup(), packetId);
    }

    /// Notes that PUBLISH goes out now. A repeat carries DUP ([MQTT-3.3.1-1], [MQTT3-3.3.1-1]), a first copy does
    /// not, unless the caller says that it repeats what another client object sent.
    void markSent() {
        boolean dup = sent || repeatsAnother;
        if (publish.dup() != dup) {
            replace(dup, publish.packetId());
        }
        sent = true;
    }

    private void replace(boolean dup, int packetId) {
        publish = new Publish(
                publish.topic(),
                publish.payload(),
                publish.qos(),
                dup,
                publish.retain(),
                packetId,
                publish.properties());
    }

    /// Whether it came out of the store at the start, so that no caller here knows of it.
    boolean isOfEarlierProcess() {
        return room == null;
    }

    CompletableFuture<ReasonCode> result() {
        return result;
    }

    void succeed(ReasonCode reason) {
        settle();
        result.complete(reason);
    }

    void fail(MqttException fault) {
        settle();
        result.completeExceptionally(fault);
    }

    private void settle() {
        if (!settled && room != null) {
            room.remove(bytes);
        }
        settled = true;
    }
}
