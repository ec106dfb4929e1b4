// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.message.Will;
import org.upwell.broker.owner.Loop;

/// What falls due while a session is without a connection: its will and its end. Owned by the session's owner.
final class Absence {

    private final Session session;
    private final SessionContext context;
    private long sinceMillis;
    private @Nullable Will will;
    private Loop.@Nullable Cancellation expiryTimer;
    private Loop.@Nullable Cancellation willTimer;

    Absence(Session session, SessionContext context) {
        this.session = session;
        this.context = context;
    }

    /// What is to be published unless the client says otherwise; null if nothing is.
    @Nullable
    Will will() {
        return will;
    }

    /// Wall-clock milliseconds since the epoch, 0 while a connection has the session.
    long sinceMillis() {
        return sinceMillis;
    }

    /// As the store kept it.
    void restore(long offlineSinceMillis, @Nullable Will kept) {
        sinceMillis = offlineSinceMillis;
        will = kept;
    }

    /// A connection came, with a will of its own.
    void over(@Nullable Will next) {
        cancel();
        will = next;
        sinceMillis = 0;
    }

    /// The connection ended. [#await] is to follow.
    void begins() {
        sinceMillis = context.clock().millis();
    }

    /// Lets will and end come when they are due, which may be now.
    void await(long expirySeconds) {
        long goneSeconds = Math.max(0, (context.clock().millis() - sinceMillis) / 1000);
        if (expirySeconds != Session.NEVER_EXPIRES) {
            expiryTimer = session.owner()
                    .schedule(
                            Duration.ofSeconds(Math.max(0, expirySeconds - goneSeconds)),
                            () -> session.end("session expired"));
        }
        Will due = will;
        if (due != null) {
            long remaining = due.delaySeconds() - goneSeconds;
            if (remaining <= 0) {
                publishWill();
            } else {
                willTimer = session.owner().schedule(Duration.ofSeconds(remaining), this::publishWill);
            }
        }
    }

    /// Publishes the will, if there is one.
    void publishWill() {
        Will due = takeWill();
        if (due != null) {
            context.wills().publish(session, due);
            // After the message in the order of facts: a crash between them repeats the will, and loses none.
            session.keep();
        }
    }

    @Nullable
    Will takeWill() {
        Will due = will;
        will = null;
        return due;
    }

    /// Takes back what was to come.
    void cancel() {
        if (expiryTimer != null) {
            expiryTimer.cancel();
            expiryTimer = null;
        }
        if (willTimer != null) {
            willTimer.cancel();
            willTimer = null;
        }
    }
}
