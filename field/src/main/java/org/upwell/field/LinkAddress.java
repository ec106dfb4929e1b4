// SPDX-License-Identifier: Apache-2.0
package org.upwell.field;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.upwell.field.link.ByteLink;
import org.upwell.field.link.StreamLink;
import org.upwell.field.serial.SerialLink;

/// Where the UART is, as people write it: a path (`/dev/ttyACM0`, a pseudo-terminal), `tcp:host:port` to connect, or
/// `tcp-listen:port` to wait for one connection on the loopback address.
public record LinkAddress(String text) {
    private static final String CONNECT = "tcp:";
    private static final String LISTEN = "tcp-listen:";

    public LinkAddress {
        if (text.startsWith(LISTEN)) {
            port(text, text.substring(LISTEN.length()));
        } else if (text.startsWith(CONNECT)) {
            port(text, text.substring(text.lastIndexOf(':') + 1));
        } else if (text.isBlank()) {
            throw new IllegalArgumentException("the link is neither a path nor tcp:host:port nor tcp-listen:port");
        }
    }

    /// Opens it; a listening one waits for its peer.
    public ByteLink open() throws IOException {
        if (text.startsWith(LISTEN)) {
            int port = port(text, text.substring(LISTEN.length()));
            try (ServerSocket server = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                Socket socket = server.accept();
                socket.setTcpNoDelay(true);
                return StreamLink.of(socket);
            }
        }
        if (text.startsWith(CONNECT)) {
            int colon = text.lastIndexOf(':');
            String host = text.substring(CONNECT.length(), Math.max(CONNECT.length(), colon));
            return StreamLink.connect(new InetSocketAddress(host, port(text, text.substring(colon + 1))));
        }
        return SerialLink.open(text);
    }

    private static int port(String whole, String digits) {
        try {
            int port = Integer.parseInt(digits);
            if (port > 0 && port < 65_536) {
                return port;
            }
        } catch (NumberFormatException _) {
            // Told below.
        }
        throw new IllegalArgumentException("'" + digits + "' in '" + whole + "' is not a port");
    }
}
