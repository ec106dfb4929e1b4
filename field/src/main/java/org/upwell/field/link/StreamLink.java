// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.link;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import org.jspecify.annotations.Nullable;

/// A link over two streams, read by a thread of its own, which is the listener's thread. No wake line.
public final class StreamLink implements ByteLink {
    private static final int BUFFER_BYTES = 512;
    private static final int CONNECT_TIMEOUT_MILLIS = 5_000;

    private final String name;
    private final InputStream in;
    private final OutputStream out;
    private final Closeable resource;
    private volatile boolean closed;

    /// @param resource closed with the link; closing it must end a blocked read
    public StreamLink(String name, InputStream in, OutputStream out, Closeable resource) {
        this.name = name;
        this.in = in;
        this.out = out;
        this.resource = resource;
    }

    /// Connects to a serial device server, or to the other half of a development pair.
    public static StreamLink connect(InetSocketAddress address) throws IOException {
        Socket socket = new Socket();
        try {
            socket.setTcpNoDelay(true);
            socket.connect(address, CONNECT_TIMEOUT_MILLIS);
            return of(socket);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /// Takes over a connected socket.
    public static StreamLink of(Socket socket) throws IOException {
        String name = "tcp:" + socket.getRemoteSocketAddress();
        return new StreamLink(name, socket.getInputStream(), socket.getOutputStream(), socket);
    }

    @Override
    public void listen(Listener listener) {
        Thread thread = new Thread(() -> read(listener), "link-" + name);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void write(byte[] bytes) throws IOException {
        out.write(bytes);
        out.flush();
    }

    @Override
    public void pulseWake() {}

    @Override
    public void close() {
        closed = true;
        try {
            resource.close();
        } catch (IOException _) {
            // The stream is given up either way.
        }
    }

    private void read(Listener listener) {
        byte[] buffer = new byte[BUFFER_BYTES];
        IOException cause = null;
        try {
            for (int count = in.read(buffer); count >= 0 && !closed; count = in.read(buffer)) {
                listener.onBytes(buffer, 0, count);
            }
        } catch (IOException e) {
            cause = e;
        }
        end(listener, cause);
    }

    private void end(Listener listener, @Nullable IOException cause) {
        if (!closed) {
            close();
            listener.onEnd(cause);
        }
    }
}
