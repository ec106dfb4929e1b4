// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.net.InetAddress;

/// A range of IP addresses as `address/prefix length`, such as `10.0.0.0/8` or `fd00::/16`.
public record Network(InetAddress address, int prefixLength) {
    private static final String EXPECTED = "a network such as 10.0.0.0/8 or fd00::/16";

    static Network parse(String text) {
        int slash = text.indexOf('/');
        try {
            InetAddress address = InetAddress.ofLiteral(slash < 0 ? text : text.substring(0, slash));
            int bits = address.getAddress().length * 8;
            int prefixLength = slash < 0 ? bits : Integer.parseInt(text.substring(slash + 1));
            if (prefixLength >= 0 && prefixLength <= bits) {
                return new Network(address, prefixLength);
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(EXPECTED, e);
        }
        throw new IllegalArgumentException(EXPECTED);
    }

    @Override
    public String toString() {
        return address.getHostAddress() + "/" + prefixLength;
    }
}
