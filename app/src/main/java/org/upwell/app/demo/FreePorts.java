// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.demo;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import org.upwell.app.process.LastingPorts;

/// Finds out whether a standard port can be had on the loopback address; if not, 0 lets the system choose.
///
/// @param any whether standard ports are left alone in any case
record FreePorts(boolean any) {

    int tcp(int standard) {
        if (any) {
            return 0;
        }
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(loopback(standard));
            return standard;
        } catch (IOException e) {
            return 0;
        }
    }

    int udp(int standard) {
        if (any) {
            return 0;
        }
        try (DatagramSocket socket = new DatagramSocket(loopback(standard))) {
            return socket.getLocalPort();
        } catch (IOException e) {
            return 0;
        }
    }

    /// `port`, or if that is 0 one that is free, and stays so while the process that has it is killed and started.
    static int tcpOr(int port) throws IOException {
        return port == 0 ? LastingPorts.tcp() : port;
    }

    /// The same for UDP.
    static int udpOr(int port) throws IOException {
        return port == 0 ? LastingPorts.udp() : port;
    }

    private static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port);
    }
}
