// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.coap;

import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/// Peers' addresses as keys of maps. The library's own hash of an address is the sum of host and port, so that
/// access points in a row that give their devices ports in a row fill the same few buckets; and each address is
/// five objects. These are one object each, of 16 bytes for IPv4, and spread. Immutable.
public final class PeerKey {

    private static final long GOLDEN_RATIO = 0x9E3779B97F4A7C15L;

    private record OfIpv6(long high, long low, int port) {

        @Override
        public int hashCode() {
            long mixed = ((high * GOLDEN_RATIO) ^ low) * GOLDEN_RATIO + port;
            return Long.hashCode(mixed * GOLDEN_RATIO);
        }
    }

    private PeerKey() {}

    /// Equal for equal addresses, and for no others; as for those, the scope of an IPv6 address does not count.
    public static Object of(InetSocketAddress peer) {
        ByteBuffer host = ByteBuffer.wrap(peer.getAddress().getAddress());
        if (peer.getAddress() instanceof Inet4Address) {
            // An odd factor loses nothing.
            return (((long) host.getInt() << Short.SIZE) | peer.getPort()) * GOLDEN_RATIO;
        }
        return new OfIpv6(host.getLong(), host.getLong(), peer.getPort());
    }
}
