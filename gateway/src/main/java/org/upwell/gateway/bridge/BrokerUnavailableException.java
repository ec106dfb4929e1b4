// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.bridge;

/// The broker cannot take a message now; nothing was sent. Later is another chance.
public final class BrokerUnavailableException extends Exception {

    private static final long serialVersionUID = 1L;

    /// What stands in the way.
    public enum Cause {
        /// No connection.
        AWAY,
        /// As many messages as allowed are under way.
        BUSY
    }

    private final Cause why;

    public BrokerUnavailableException(Cause why) {
        super("broker is " + (why == Cause.AWAY ? "away" : "busy"), null, false, false);
        this.why = why;
    }

    public Cause why() {
        return why;
    }
}
