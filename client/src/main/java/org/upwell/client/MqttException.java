// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import org.jspecify.annotations.Nullable;
import org.upwell.codec.ReasonCode;

/// What ends a stage of the client that did not succeed. Unchecked, because stages carry it. Always has a reason
/// code: the server's where it gave one, else the nearest.
public final class MqttException extends RuntimeException {

    private static final long serialVersionUID = 1;

    /// Who said no, and whether trying again can help.
    public enum Kind {
        /// The server refused: CONNECT, a PUBLISH, or by DISCONNECT. The reason code is its own.
        REFUSED,
        /// There is no connection, or it was lost; whether the server got the message is not known.
        CONNECTION_LOST,
        /// An answer did not come in time.
        TIMEOUT,
        /// The server broke the protocol.
        PROTOCOL,
        /// More is waiting than the options allow. Nothing was sent; slow down and try again.
        QUEUE_FULL,
        /// The server announced limits that this packet exceeds. Nothing was sent.
        LIMIT,
        /// The server lost the session, and with it all that was in flight.
        SESSION_LOST,
        /// The [InFlightStore] failed.
        STORE,
        /// The client was disconnected or closed by its user.
        CLOSED
    }

    private final Kind kind;
    private final ReasonCode reason;

    MqttException(Kind kind, ReasonCode reason, String message) {
        this(kind, reason, message, null);
    }

    MqttException(Kind kind, ReasonCode reason, String message, @Nullable Throwable cause) {
        // Without a stack trace: it would show the event loop, and one may be made for each waiting message.
        super(message, cause, false, false);
        this.kind = kind;
        this.reason = reason;
    }

    public Kind kind() {
        return kind;
    }

    public ReasonCode reason() {
        return reason;
    }

    static MqttException refused(ReasonCode reason, String what, @Nullable String serversWords) {
        String words = serversWords == null ? "" : " (" + printable(serversWords) + ")";
        return new MqttException(Kind.REFUSED, reason, what + " refused: " + reason + words);
    }

    static MqttException lost(String message, @Nullable Throwable cause) {
        return new MqttException(Kind.CONNECTION_LOST, ReasonCode.UNSPECIFIED_ERROR, message, cause);
    }

    static MqttException closed(String message) {
        return new MqttException(Kind.CLOSED, ReasonCode.SUCCESS, message);
    }

    static MqttException protocol(ReasonCode reason, String message) {
        return new MqttException(Kind.PROTOCOL, reason, message);
    }

    static MqttException timeout(ReasonCode reason, String message) {
        return new MqttException(Kind.TIMEOUT, reason, message);
    }

    /// Text of the peer, cut and without control characters, since it ends up in logs.
    private static String printable(String text) {
        String cut = text.length() <= 200 ? text : text.substring(0, 200);
        return cut.replaceAll("\\p{Cntrl}", "?");
    }
}
