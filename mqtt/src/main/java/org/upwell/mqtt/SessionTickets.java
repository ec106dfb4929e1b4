// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.OpenSslSessionTicketKey;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;

/// The keys under which clients of one listener keep their TLS sessions (RFC 5077, RFC 8446 §4.6.1), so that a
/// field that comes back after an outage pays for a resumption and not for a handshake each. OpenSSL makes no
/// tickets without keys of ours, and TLS 1.3 resumes by nothing else. Owned by one thread.
final class SessionTickets {

    private final SecureRandom random = new SecureRandom();
    private final OpenSslSessionContext sessions;
    private @Nullable OpenSslSessionTicketKey newest;

    SessionTickets(OpenSslSessionContext sessions) {
        this.sessions = sessions;
    }

    /// Makes a new key for tickets from now on. Those under the key before are still taken; older ones cost a full
    /// handshake.
    void renewKey() {
        OpenSslSessionTicketKey key = new OpenSslSessionTicketKey(
                bytes(OpenSslSessionTicketKey.NAME_SIZE),
                bytes(OpenSslSessionTicketKey.HMAC_KEY_SIZE),
                bytes(OpenSslSessionTicketKey.AES_KEY_SIZE));
        OpenSslSessionTicketKey before = newest;
        newest = key;
        if (before == null) {
            sessions.setTicketKeys(key);
        } else {
            sessions.setTicketKeys(key, before);
        }
    }

    private byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }
}
