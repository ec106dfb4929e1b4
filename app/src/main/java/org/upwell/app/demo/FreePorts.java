// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.demo;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/// Finds out whether a standard port can be had on the loopback address; if not, 0 lets the system choose.
final class FreePorts {
    private FreePorts() {}

    static int tcp(int standard) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(loopback(standard));
            return standard;
        } catch (IOException e) {
            return 0;
        }
    }

    static int udp(int standard) {
        try (DatagramSocket socket = new DatagramSocket(loopback(standard))) {
            return socket.getLocalPort();
        } catch (IOException e) {
            return 0;
        }
    }

    private static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port);
    }
}
