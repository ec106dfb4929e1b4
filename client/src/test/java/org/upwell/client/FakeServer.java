// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.DecodeException;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.PacketDecoder;
import org.upwell.codec.PacketEncoder;
import org.upwell.codec.Properties;
import org.upwell.codec.ReasonCode;

/// A server that does what a test tells it, on a real socket of the loopback. Blocking: the test is its thread.
final class FakeServer implements AutoCloseable {

    static final int TIMEOUT_MILLIS = 10_000;

    private final ServerSocket socket;
    private final List<Peer> peers = new ArrayList<>();

    FakeServer() throws IOException {
        this(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
    }

    FakeServer(ServerSocket socket) throws IOException {
        this.socket = socket;
        socket.setSoTimeout(TIMEOUT_MILLIS);
    }

    int port() {
        return socket.getLocalPort();
    }

    /// The next connection.
    Peer accept() throws IOException {
        Peer peer = new Peer(socket.accept());
        peers.add(peer);
        return peer;
    }

    /// The next connection, its CONNECT read and accepted.
    Peer acceptSession(boolean sessionPresent, Properties properties) throws IOException {
        Peer peer = accept();
        peer.expect(Connect.class);
        peer.send(new ConnAck(sessionPresent, ReasonCode.SUCCESS, properties));
        return peer;
    }

    Peer acceptSession(boolean sessionPresent) throws IOException {
        return acceptSession(sessionPresent, Properties.NONE);
    }

    @Override
    public void close() throws IOException {
        for (Peer peer : peers) {
            peer.close();
        }
        socket.close();
    }

    /// One connection, seen from the server.
    static final class Peer {

        private final Socket socket;
        private final PacketDecoder decoder = new PacketDecoder(PacketDecoder.Receiver.SERVER, 1 << 24);
        private final ByteBuf in = Unpooled.buffer();

        private Peer(Socket socket) throws IOException {
            this.socket = socket;
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.setTcpNoDelay(true);
        }

        /// The next packet, null at the end of the stream.
        @Nullable
        Packet read() throws IOException {
            try {
                Packet packet = decoder.decode(in);
                while (packet == null) {
                    in.discardReadBytes();
                    byte[] bytes = new byte[1 << 16];
                    int count = socket.getInputStream().read(bytes);
                    if (count < 0) {
                        return null;
                    }
                    in.writeBytes(bytes, 0, count);
                    packet = decoder.decode(in);
                }
                return packet;
            } catch (DecodeException e) {
                throw new AssertionError("the client sent a bad packet", e);
            } catch (SocketException e) {
                return null;
            }
        }

        <T extends Packet> T expect(Class<T> type) throws IOException {
            Packet packet = read();
            assertThat(packet).isInstanceOf(type);
            return type.cast(packet);
        }

        void expect(Packet packet) throws IOException {
            assertThat(read()).isEqualTo(packet);
        }

        /// The client closed without a word.
        void expectEnd() throws IOException {
            assertThat(read()).isNull();
        }

        /// Nothing comes for a moment: for the absence of something, which no condition can be awaited for.
        void expectSilence() throws IOException {
            socket.setSoTimeout(150);
            try {
                assertThat(read()).as("nothing").isEqualTo("nothing");
            } catch (SocketTimeoutException expected) {
                assertThat(expected).isNotNull();
            } finally {
                socket.setSoTimeout(TIMEOUT_MILLIS);
            }
        }

        void send(Packet... packets) throws IOException {
            MqttVersion version = decoder.version();
            assertThat(version).isNotNull();
            ByteBuf out = Unpooled.buffer();
            for (Packet packet : packets) {
                PacketEncoder.encode(packet, version, out);
            }
            sendBytes(out);
        }

        void sendBytes(ByteBuf bytes) throws IOException {
            byte[] array = new byte[bytes.readableBytes()];
            bytes.readBytes(array);
            socket.getOutputStream().write(array);
            socket.getOutputStream().flush();
        }

        void close() {
            try {
                socket.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /// Ends as a killed process does.
        void reset() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }
    }
}
