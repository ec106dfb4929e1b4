// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.ReasonCode;

/// The half of a client that publisher and subscriber share: one session that outlives all connections and all
/// lives of the server. Used by one thread at a time.
abstract class PersistentClient {

    private static final int EXPIRY_SECONDS = 36_000;

    final String clientId;
    final MqttVersion version;
    private @Nullable PacketLine line;
    private boolean known;
    private int nextPacketId;

    PersistentClient(String clientId, MqttVersion version) {
        this.clientId = clientId;
        this.version = version;
    }

    static Properties expiry(MqttVersion version, long seconds) {
        return version.isMqtt5()
                ? Properties.builder()
                        .integer(Property.SESSION_EXPIRY_INTERVAL, seconds)
                        .build()
                : Properties.NONE;
    }

    PacketLine line() {
        PacketLine current = line;
        if (current == null) {
            throw new IllegalStateException(clientId + " is not connected");
        }
        return current;
    }

    /// Connects, which must find the session again once there was one; then [#resumed].
    void connect(int port) throws IOException {
        PacketLine opened = new PacketLine(port, version);
        line = opened;
        opened.send(new Connect(version, clientId, false, 0, null, null, null, expiry(version, EXPIRY_SECONDS)));
        ConnAck answer = opened.receive(ConnAck.class);
        if (answer.reason() != ReasonCode.SUCCESS || answer.sessionPresent() != known) {
            throw new AssertionError(clientId + (known ? " lost its session: " : " was not to have one: ") + answer);
        }
        boolean first = !known;
        known = true;
        resumed(first);
    }

    /// The session is open.
    abstract void resumed(boolean first) throws IOException;

    abstract void on(Packet packet) throws IOException;

    abstract boolean isFree(int packetId);

    int packetId() {
        do {
            nextPacketId = nextPacketId == 0xFFFF ? 1 : nextPacketId + 1;
        } while (!isFree(nextPacketId));
        return nextPacketId;
    }

    /// Goes away without a word.
    void drop() {
        PacketLine left = line;
        line = null;
        if (left != null) {
            left.close();
        }
    }
}
