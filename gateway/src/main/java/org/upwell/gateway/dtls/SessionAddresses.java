// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.dtls;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.eclipse.californium.elements.EndpointContext;
import org.eclipse.californium.elements.util.Bytes;

/// Gives each DTLS session an address that stands for it, and knows where its peer was last.
///
/// Addresses are at random from the discard-only prefix (RFC 6666), from which no datagram comes, and are not used
/// again: what belongs to one session is never another's, nor that of a peer without DTLS. Bounded; the session
/// that was silent longest is forgotten, and is a new one when it comes back. Safe for all threads.
public final class SessionAddresses {

    private static final long DISCARD_ONLY = 0x0100_0000_0000_0000L;
    private static final int PORT = 5684;

    private final int capacity;
    private final SecureRandom random = new SecureRandom();

    /// The session that was silent longest first.
    private final Map<Bytes, InetSocketAddress> bySession = new LinkedHashMap<>(16, 0.75f, true);

    private final Map<InetSocketAddress, EndpointContext> byAddress = new HashMap<>();

    SessionAddresses(int capacity) {
        this.capacity = capacity;
    }

    /// Whether the address stands for a DTLS session: what belongs to it ends with this process.
    public static boolean isOne(InetSocketAddress address) {
        byte[] bytes = address.getAddress().getAddress();
        return bytes.length == 16 && ByteBuffer.wrap(bytes).getLong() == DISCARD_ONLY;
    }

    /// The address that stands for a session, whose peer is where `context` says.
    synchronized InetSocketAddress of(Bytes session, EndpointContext context) {
        InetSocketAddress address = bySession.computeIfAbsent(session, _ -> fresh());
        byAddress.put(address, context);
        if (bySession.size() > capacity) {
            InetSocketAddress silent =
                    bySession.remove(bySession.keySet().iterator().next());
            byAddress.remove(silent);
        }
        return address;
    }

    /// Where the peer of the session is for which `address` stands.
    synchronized Optional<EndpointContext> find(InetSocketAddress address) {
        return Optional.ofNullable(byAddress.get(address));
    }

    private InetSocketAddress fresh() {
        byte[] bytes = ByteBuffer.allocate(16)
                .putLong(DISCARD_ONLY)
                .putLong(random.nextLong())
                .array();
        try {
            return new InetSocketAddress(InetAddress.getByAddress(bytes), PORT);
        } catch (UnknownHostException fault) {
            throw new IllegalStateException("16 bytes are an address", fault);
        }
    }
}
