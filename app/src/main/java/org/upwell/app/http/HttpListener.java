// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;
import org.upwell.app.tls.TlsFiles;

/// One address that HTTP is served on.
///
/// @param name for messages: `http` or `https`
/// @param bind an address or name of this machine
/// @param port 0 to have a free one chosen
/// @param tls certificate and key; null for plain HTTP, which is allowed on loopback addresses only
public record HttpListener(
        String name, String bind, int port, @Nullable TlsFiles tls) {

    public HttpListener {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException(name + ": port " + port + " is not between 0 and 65535");
        }
    }

    /// @throws IllegalArgumentException if secrets would travel in clear text, or there is no such address
    InetAddress address() {
        InetAddress address;
        try {
            address = InetAddress.getByName(bind);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(name + ": there is no address '" + bind + "'", e);
        }
        if (tls == null && !address.isLoopbackAddress()) {
            throw new IllegalArgumentException(name + ": plain HTTP is served on 127.0.0.1 only, and " + bind
                    + " can be reached from elsewhere; use https, which takes a certificate");
        }
        return address;
    }

    /// True if only this machine can reach it.
    boolean isLocal() {
        return address().isLoopbackAddress();
    }
}
