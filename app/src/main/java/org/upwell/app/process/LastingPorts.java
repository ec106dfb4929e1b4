// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.process;

import java.io.Closeable;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/// Chooses ports of 127.0.0.1 for processes that are started a little later, or again and again: free ones that the
/// system does not give to whoever asks for any, as every client does. Safe for all threads; holds nothing.
public final class LastingPorts {
    /// Below what Linux, macOS and Windows give by themselves.
    private static final int LOWEST = 12_000;

    private static final int HIGHEST = 32_000;
    private static final int ATTEMPTS = 100;

    /// One after the other, so that none is given twice while nobody has opened it.
    private static final AtomicInteger NEXT =
            new AtomicInteger(ThreadLocalRandom.current().nextInt(HIGHEST));

    private LastingPorts() {}

    public static int tcp() throws IOException {
        return first(port -> new ServerSocket(port, 1, loopback()));
    }

    public static int udp() throws IOException {
        return first(port -> new DatagramSocket(port, loopback()));
    }

    private interface Opening {
        Closeable open(int port) throws IOException;
    }

    private static int first(Opening opening) throws IOException {
        IOException last = null;
        for (int tried = 0; tried < ATTEMPTS; tried++) {
            int port = LOWEST + Math.floorMod(NEXT.getAndIncrement(), HIGHEST - LOWEST);
            try (Closeable _ = opening.open(port)) {
                return port;
            } catch (IOException e) {
                last = e;
            }
        }
        throw new IOException("no port of 127.0.0.1 is free", last);
    }

    private static InetAddress loopback() {
        return InetAddress.ofLiteral("127.0.0.1");
    }
}
