// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.coap;

import java.net.InetAddress;
import java.util.List;

/// A set of IP networks in CIDR notation. Immutable.
public final class Networks {

    private final List<Network> networks;

    private Networks(List<Network> networks) {
        this.networks = networks;
    }

    /// Reads networks like `10.0.0.0/8` or `2001:db8::/32`; an address without a length stands for itself alone.
    ///
    /// @throws IllegalArgumentException naming the fault and the entry
    public static Networks parse(List<String> entries) {
        return new Networks(entries.stream().map(Network::parse).toList());
    }

    public boolean contains(InetAddress address) {
        byte[] bytes = address.getAddress();
        for (Network network : networks) {
            if (network.contains(bytes)) {
                return true;
            }
        }
        return false;
    }

    private record Network(byte[] prefix, int bits) {

        static Network parse(String entry) {
            int slash = entry.indexOf('/');
            byte[] prefix = address(entry, slash < 0 ? entry : entry.substring(0, slash));
            int bits = slash < 0 ? prefix.length * Byte.SIZE : length(entry, entry.substring(slash + 1));
            if (bits < 0 || bits > prefix.length * Byte.SIZE) {
                throw new IllegalArgumentException("network '" + entry + "' has a prefix length of " + bits
                        + ", expected 0 to " + prefix.length * Byte.SIZE);
            }
            return new Network(prefix, bits);
        }

        private static byte[] address(String entry, String text) {
            try {
                // Takes literals only, so that no name is ever looked up.
                byte[] address = InetAddress.ofLiteral(text).getAddress();
                // It would also take 10.0.1 for 10.0.0.1, which nobody means.
                if (text.indexOf(':') >= 0 || text.chars().filter(c -> c == '.').count() == 3) {
                    return address;
                }
            } catch (IllegalArgumentException _) {
                // Told below.
            }
            throw new IllegalArgumentException("network '" + entry + "' does not begin with an IP address");
        }

        private static int length(String entry, String text) {
            try {
                return Integer.parseInt(text);
            } catch (NumberFormatException fault) {
                throw new IllegalArgumentException(
                        "network '" + entry + "' does not end in a prefix length after '/'", fault);
            }
        }

        boolean contains(byte[] address) {
            if (address.length != prefix.length) {
                return false;
            }
            int whole = bits / Byte.SIZE;
            for (int i = 0; i < whole; i++) {
                if (address[i] != prefix[i]) {
                    return false;
                }
            }
            int rest = bits % Byte.SIZE;
            return rest == 0 || ((address[whole] ^ prefix[whole]) & (0xff00 >> rest) & 0xff) == 0;
        }
    }
}
