// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.dtls;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.security.Principal;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.eclipse.californium.elements.EndpointContext;
import org.eclipse.californium.elements.util.Bytes;
import org.jspecify.annotations.Nullable;

/// Gives each DTLS session an address that stands for it, and knows where its peer was last.
///
/// Addresses are at random from the discard-only prefix (RFC 6666), from which no datagram comes, and are not used
/// again: what belongs to one session is never another's, nor that of a peer without DTLS. Bounded; of more
/// sessions, the one that was silent longest in both directions is over. Each end is told once. Safe for all
/// threads.
public final class SessionAddresses {

    private static final long DISCARD_ONLY = 0x0100_0000_0000_0000L;
    private static final int PORT = 5684;

    private final int capacity;
    private final Consumer<InetSocketAddress> onEnd;
    private final SecureRandom random = new SecureRandom();

    /// The session that was silent longest first.
    private final Map<Bytes, Standing> bySession = new LinkedHashMap<>(16, 0.75f, true);

    private final Map<InetSocketAddress, Bytes> byAddress = new HashMap<>();

    /// @param address stands for the session
    /// @param peer where its last record came from
    private record Standing(InetSocketAddress address, EndpointContext peer) {}

    /// @param onEnd told of each address that stands for nobody any more
    SessionAddresses(int capacity, Consumer<InetSocketAddress> onEnd) {
        this.capacity = capacity;
        this.onEnd = onEnd;
    }

    /// Whether the address stands for a DTLS session: what belongs to it ends with this process.
    public static boolean isOne(InetSocketAddress address) {
        return isOne(address.getAddress());
    }

    /// Whether it is one of those that stand for DTLS sessions. No datagram from there is to be believed.
    public static boolean isOne(InetAddress address) {
        byte[] bytes = address.getAddress();
        return bytes.length == 16 && ByteBuffer.wrap(bytes).getLong() == DISCARD_ONLY;
    }

    /// The address that stands for a session, whose peer is where `peer` says.
    InetSocketAddress of(Bytes session, EndpointContext peer) {
        InetSocketAddress address;
        InetSocketAddress silent = null;
        synchronized (this) {
            Standing before = bySession.get(session);
            address = before == null ? fresh() : before.address;
            bySession.put(session, new Standing(address, peer));
            byAddress.put(address, session);
            if (bySession.size() > capacity) {
                silent = remove(bySession.keySet().iterator().next());
            }
        }
        tell(silent);
        return address;
    }

    /// Where the peer of the session is for which `address` stands. To be asked when something is sent there: a
    /// session that is only listened to is not silent.
    synchronized Optional<EndpointContext> find(InetSocketAddress address) {
        Bytes session = byAddress.get(address);
        Standing standing = session == null ? null : bySession.get(session);
        return Optional.ofNullable(standing).map(Standing::peer);
    }

    /// The session is over. Nothing happens if none of its records was seen.
    void end(Bytes session) {
        InetSocketAddress ended;
        synchronized (this) {
            ended = remove(session);
        }
        tell(ended);
    }

    /// A session was opened by `who` at `where`: those that `who` had at the same address and port before, and did
    /// not close, are over. Whoever is anonymous has none.
    void opened(Bytes session, InetSocketAddress where, @Nullable Principal who) {
        if (who == null) {
            return;
        }
        List<Bytes> left = new ArrayList<>();
        synchronized (this) {
            bySession.forEach((other, standing) -> {
                if (!other.equals(session)
                        && where.equals(standing.peer.getPeerAddress())
                        && who.equals(standing.peer.getPeerIdentity())) {
                    left.add(other);
                }
            });
        }
        left.forEach(this::end);
    }

    private @Nullable InetSocketAddress remove(Bytes session) {
        Standing removed = bySession.remove(session);
        if (removed == null) {
            return null;
        }
        byAddress.remove(removed.address);
        return removed.address;
    }

    private void tell(@Nullable InetSocketAddress ended) {
        if (ended != null) {
            onEnd.accept(ended);
        }
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
