// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.upwell.codec.DecodeException;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.PacketDecoder;
import org.upwell.codec.PacketEncoder;

/// Single packets over a real blocking socket. Answers nothing by itself. Used by one thread at a time.
final class PacketLine implements AutoCloseable {

    private static final int WAIT_SECONDS = 20;

    private final Socket socket;
    private final MqttVersion version;
    private final PacketDecoder decoder = new PacketDecoder(PacketDecoder.Receiver.CLIENT, 1 << 24);
    private final ByteBuf received = Unpooled.buffer();
    private final byte[] chunk = new byte[16 << 10];

    PacketLine(int port, MqttVersion version) throws IOException {
        this.socket = new Socket(InetAddress.getLoopbackAddress(), port);
        this.socket.setTcpNoDelay(true);
        this.version = version;
        decoder.version(version);
    }

    void send(Packet... packets) throws IOException {
        ByteBuf out = Unpooled.buffer();
        for (Packet packet : packets) {
            PacketEncoder.encode(packet, version, out);
        }
        out.readBytes(socket.getOutputStream(), out.readableBytes());
        socket.getOutputStream().flush();
    }

    /// The next packet.
    ///
    /// @throws EOFException if the server ended the connection
    Packet receive() throws IOException {
        Packet packet = receive(TimeUnit.SECONDS.toMillis(WAIT_SECONDS));
        if (packet == null) {
            throw new AssertionError("nothing came within " + WAIT_SECONDS + " s");
        }
        return packet;
    }

    <P extends Packet> P receive(Class<P> type) throws IOException {
        Packet packet = receive();
        if (!type.isInstance(packet)) {
            throw new AssertionError("expected " + type.getSimpleName() + ", got " + packet);
        }
        return type.cast(packet);
    }

    /// The next packet, null if none came within `millis`.
    @Nullable
    Packet receive(long millis) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        try {
            Packet packet = decoder.decode(received);
            while (packet == null) {
                long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (!readMore((int) Math.max(1, left))) {
                    return null;
                }
                packet = decoder.decode(received);
            }
            return packet;
        } catch (DecodeException e) {
            throw new AssertionError("the server sent what a client must not accept", e);
        }
    }

    private boolean readMore(int millis) throws IOException {
        socket.setSoTimeout(millis);
        try {
            int count = socket.getInputStream().read(chunk);
            if (count < 0) {
                throw new EOFException("the server ended the connection");
            }
            received.discardReadBytes();
            received.writeBytes(chunk, 0, count);
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        }
    }

    /// Ends without DISCONNECT.
    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException("a socket cannot be closed", e);
        }
    }
}
