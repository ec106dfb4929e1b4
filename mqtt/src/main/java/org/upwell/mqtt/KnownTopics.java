// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import org.jspecify.annotations.Nullable;
import org.upwell.broker.access.Permissions;

/// What was found out about the topic names that one client published to last, so that it need not be found out
/// with every message: that the name is valid, and what the client may publish to it. Owned by the connection's
/// event loop.
///
/// A name is known again by identity, as the decoder hands out the same string for a name that repeats. One that
/// falls into the same place takes it over. Long names are not kept, so that what one client makes us remember
/// stays small; the decoder does not know them again either.
final class KnownTopics {

    /// As many as the decoder remembers.
    private static final int PLACES = 32;

    /// The longest name that is kept, as the decoder's.
    private static final int MAX_KEPT_LENGTH = 256;

    private @Nullable String @Nullable [] names;
    private byte[] permitted = {};
    private @Nullable Permissions by;

    /// True if the name was noted as valid.
    @SuppressWarnings("ReferenceEquality") // Identity is the point.
    boolean isValid(String topic) {
        return names != null && names[place(topic)] == topic;
    }

    void noteValid(String topic) {
        if (topic.length() > MAX_KEPT_LENGTH) {
            return;
        }
        if (names == null) {
            names = new @Nullable String[PLACES];
            permitted = new byte[PLACES];
        }
        int place = place(topic);
        names[place] = topic;
        permitted[place] = 0;
    }

    /// As [Permissions#mayPublish], asked once for each name and kind of message as long as the rights are the
    /// same.
    @SuppressWarnings("ReferenceEquality") // As above; rights are replaced as a whole.
    boolean mayPublish(Permissions permissions, String topic, int qos, boolean retain) {
        if (permissions != by) {
            by = permissions;
            names = null;
        }
        int kind = 1 << (qos * 2 + (retain ? 1 : 0));
        boolean valid = isValid(topic);
        if (valid && (permitted[place(topic)] & kind) != 0) {
            return true;
        }
        boolean allowed = permissions.mayPublish(topic, qos, retain);
        if (allowed && valid) {
            permitted[place(topic)] |= (byte) kind;
        }
        return allowed;
    }

    private static int place(String topic) {
        return topic.hashCode() & (PLACES - 1);
    }
}
