// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.DecodeException;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.PacketDecoder;
import org.upwell.codec.PacketEncoder;
import org.upwell.codec.Properties;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.SubAck;
import org.upwell.codec.Subscribe;

/// An MQTT client of single packets on a blocking socket, which does nothing by itself. One thread.
final class MqttSocket implements AutoCloseable {

    private static final int WAIT_MILLIS = 20_000;

    private final Socket socket;
    private final MqttVersion version;
    private final PacketDecoder decoder = new PacketDecoder(PacketDecoder.Receiver.CLIENT, 1 << 20);
    private final ByteBuf received = Unpooled.buffer();
    private final Queue<Packet> early = new ArrayDeque<>();

    MqttSocket(InetSocketAddress address, MqttVersion version) throws IOException {
        this.socket = new Socket(address.getAddress(), address.getPort());
        this.socket.setSoTimeout(WAIT_MILLIS);
        this.version = version;
        decoder.version(version);
    }

    ConnAck connect(String clientId, String user, String password) throws IOException {
        send(new Connect(
                version, clientId, true, 60, null, user, password.getBytes(StandardCharsets.UTF_8), Properties.NONE));
        return receive(ConnAck.class);
    }

    /// What comes by an earlier subscription until it is answered is received after this.
    SubAck subscribe(String filter) throws IOException {
        send(new Subscribe(1, List.of(new Subscribe.Request(filter, QoS.AT_LEAST_ONCE)), Properties.NONE));
        Packet packet = fromSocket();
        while (packet instanceof Publish) {
            early.add(packet);
            packet = fromSocket();
        }
        if (packet instanceof SubAck answer) {
            return answer;
        }
        throw new AssertionError("expected SubAck, got " + packet);
    }

    void send(Packet packet) throws IOException {
        ByteBuf out = Unpooled.buffer();
        PacketEncoder.encode(packet, version, out);
        out.readBytes(socket.getOutputStream(), out.readableBytes());
        socket.getOutputStream().flush();
    }

    <P extends Packet> P receive(Class<P> type) throws IOException {
        Packet packet = receive();
        if (!type.isInstance(packet)) {
            throw new AssertionError("expected " + type.getSimpleName() + ", got " + packet);
        }
        return type.cast(packet);
    }

    /// The next packet; null if the server closed the connection.
    @Nullable
    Packet receive() throws IOException {
        Packet earlier = early.poll();
        return earlier == null ? fromSocket() : earlier;
    }

    private @Nullable Packet fromSocket() throws IOException {
        byte[] chunk = new byte[4096];
        try {
            while (true) {
                Packet packet = decoder.decode(received);
                if (packet != null) {
                    return packet;
                }
                int count = socket.getInputStream().read(chunk);
                if (count < 0) {
                    return null;
                }
                received.writeBytes(chunk, 0, count);
            }
        } catch (DecodeException e) {
            throw new AssertionError("the server sent what a client must not accept", e);
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
        received.release();
    }
}
