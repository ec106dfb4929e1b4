// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance.script;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.PushbackInputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import org.jspecify.annotations.Nullable;

/// One connection of a script, on a blocking socket.
final class ScriptConnection implements AutoCloseable {

    private static final int WAIT_MILLIS = 8_000;

    private final Socket socket;
    private final PushbackInputStream ahead;
    private final DataInputStream in;
    private WireVersion version;

    ScriptConnection(InetSocketAddress address, WireVersion version) throws IOException {
        this.socket = new Socket(address.getAddress(), address.getPort());
        this.socket.setTcpNoDelay(true);
        this.socket.setSoTimeout(WAIT_MILLIS);
        this.ahead = new PushbackInputStream(socket.getInputStream());
        this.in = new DataInputStream(ahead);
        this.version = version;
    }

    WireVersion version() {
        return version;
    }

    void version(WireVersion other) {
        version = other;
    }

    void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
    }

    /// Sends; false if the server closed before it took all.
    boolean trySend(byte[] bytes) throws IOException {
        try {
            send(bytes);
            return true;
        } catch (SocketException e) {
            return false;
        }
    }

    /// Says that nothing more will come, unless the server closed already.
    void endOutput() throws IOException {
        try {
            socket.shutdownOutput();
        } catch (SocketException e) {
            return;
        }
    }

    /// Waits so long for something to read, be it the end.
    boolean hasMore(int millis) throws IOException {
        socket.setSoTimeout(millis);
        try {
            int next = ahead.read();
            if (next >= 0) {
                ahead.unread(next);
            }
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (SocketException e) {
            return true;
        } finally {
            socket.setSoTimeout(WAIT_MILLIS);
        }
    }

    /// The next packet's bytes; null when the server closed.
    byte @Nullable [] receive() throws IOException {
        try {
            int first = in.read();
            if (first < 0) {
                return null;
            }
            WireBytes packet = new WireBytes();
            int length = 0;
            for (int shift = 0; shift <= 21; shift += 7) {
                int digit = in.readUnsignedByte();
                length |= (digit & 0x7F) << shift;
                if (digit < 0x80) {
                    break;
                }
            }
            packet.bytes(first);
            packet.variable(length);
            return packet.raw(in.readNBytes(length)).written();
        } catch (SocketTimeoutException e) {
            throw new AssertionError("nothing came in " + WAIT_MILLIS + " ms", e);
        } catch (EOFException e) {
            throw new AssertionError("the connection ends in the middle of a packet", e);
        } catch (SocketException e) {
            // A reset is a close too: the server need not read what it does not want.
            return null;
        }
    }

    /// As words.
    PacketText show(byte[] packet) {
        WireBytes header = new WireBytes(packet);
        int first = header.oneByte();
        int length = header.variable();
        byte[] body = new byte[length];
        System.arraycopy(packet, packet.length - length, body, 0, length);
        return PacketReading.read(first, body, version);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
