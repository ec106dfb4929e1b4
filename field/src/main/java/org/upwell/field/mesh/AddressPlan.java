// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// Which addresses NICs take: `first` and those above it, `count` in all. They must be this host's own: all of
/// 127.0.0.0/8 is; an IPv6 range is after `ip -6 route add local PREFIX dev lo`, as in a [NetworkNamespace].
public record AddressPlan(InetAddress first, long count) {
    /// 127.1.0.0 and above: all of the loopback network but the part that people use.
    public static final AddressPlan LOOPBACK = new AddressPlan(InetAddress.ofLiteral("127.1.0.0"), 0xFE_0000);

    /// The one address that an IPv6 loopback network has everywhere: NICs are told apart by their ports.
    public static final AddressPlan LOOPBACK_IPV6 = new AddressPlan(InetAddress.ofLiteral("::1"), 1);

    /// What NICs in a network namespace have if nothing else is said; of the private addresses (RFC 4193).
    public static final AddressPlan NAMESPACE = parse("fd00:5eed::/64");

    public AddressPlan {
        if (count < 1) {
            throw new IllegalArgumentException("there must be at least one address");
        }
        if (first.isAnyLocalAddress() || first.isMulticastAddress()) {
            throw new IllegalArgumentException(first.getHostAddress() + " is not the address of one NIC");
        }
    }

    /// Loopback addresses from which a gateway can be reached.
    public static AddressPlan loopback(InetSocketAddress gateway) {
        return gateway.getAddress() instanceof Inet6Address ? LOOPBACK_IPV6 : LOOPBACK;
    }

    /// Reads `address/prefix length`, such as `127.64.0.0/10` or `fd00:5eed::/64`.
    public static AddressPlan parse(String text) {
        int slash = text.indexOf('/');
        try {
            InetAddress address = InetAddress.ofLiteral(text.substring(0, Math.max(0, slash)));
            int bits = address.getAddress().length * Byte.SIZE - Integer.parseInt(text.substring(slash + 1));
            if (bits >= 0 && bits <= address.getAddress().length * Byte.SIZE) {
                return new AddressPlan(address, 1L << Math.min(bits, 40));
            }
        } catch (IllegalArgumentException _) {
            // Told below.
        }
        throw new IllegalArgumentException("'" + text + "' is not a range such as 127.64.0.0/10 or fd00:5eed::/64");
    }

    boolean isIpv6() {
        return first.getAddress().length == 16;
    }

    /// All of them as `address/prefix length`.
    ///
    /// @throws IllegalArgumentException if they are not all that begins with some bits
    public String prefix() {
        byte[] bytes = first.getAddress();
        long low = isIpv6()
                ? ByteBuffer.wrap(bytes).getLong(8)
                : ByteBuffer.wrap(bytes).getInt();
        if (Long.bitCount(count) != 1 || (low & (count - 1)) != 0) {
            throw new IllegalArgumentException(first.getHostAddress() + " does not begin a range of " + count
                    + " addresses: the bits below its prefix length must be 0");
        }
        return first.getHostAddress() + "/" + (bytes.length * Byte.SIZE - Long.numberOfTrailingZeros(count));
    }

    /// @param number from 0 to `count` exclusive
    byte[] address(long number) {
        byte[] bytes = first.getAddress();
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        if (isIpv6()) {
            buffer.putLong(8, buffer.getLong(8) + number);
        } else {
            buffer.putInt(0, (int) (buffer.getInt(0) + number));
        }
        return bytes;
    }

    /// The number of an address, -1 when it is none of these.
    long number(byte[] address) {
        byte[] base = first.getAddress();
        if (address.length != base.length) {
            return -1;
        }
        long number;
        if (isIpv6()) {
            if (!Arrays.equals(base, 0, 8, address, 0, 8)) {
                return -1;
            }
            number = ByteBuffer.wrap(address).getLong(8) - ByteBuffer.wrap(base).getLong(8);
        } else {
            number = Integer.toUnsignedLong(ByteBuffer.wrap(address).getInt())
                    - Integer.toUnsignedLong(ByteBuffer.wrap(base).getInt());
        }
        return number >= 0 && number < count ? number : -1;
    }
}
