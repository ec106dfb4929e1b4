// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/// Where a listener opens.
///
/// @param port 0 for any free one
public record BindAddress(InetAddress bind, int port) {
    static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
    static final InetAddress ANY = InetAddress.ofLiteral("0.0.0.0");

    public BindAddress {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("port " + port);
        }
    }

    /// On 127.0.0.1.
    public static BindAddress loopback(int port) {
        return new BindAddress(LOOPBACK, port);
    }

    public InetSocketAddress socketAddress() {
        return new InetSocketAddress(bind, port);
    }

    static BindAddress read(Section section, InetAddress defaultBind, int defaultPort) {
        return new BindAddress(section.address("bind", defaultBind), section.port("port", defaultPort));
    }
}
