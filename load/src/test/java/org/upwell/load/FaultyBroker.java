// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.DecodeException;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.PacketDecoder;
import org.upwell.codec.PacketEncoder;
import org.upwell.codec.Properties;
import org.upwell.codec.Publish;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.SubAck;
import org.upwell.codec.Subscribe;

/// A broker for QoS 0 that gives all subscribers what a rule makes of each message: nothing, or it twice, or
/// another one first. Threads of its own, one per connection.
final class FaultyBroker implements AutoCloseable {
    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final List<Socket> subscribers = new CopyOnWriteArrayList<>();
    private final Function<Publish, List<Publish>> rule;

    FaultyBroker(Function<Publish, List<Publish>> rule) throws IOException {
        this.rule = rule;
        Thread.ofVirtual().start(this::accept);
    }

    int port() {
        return server.getLocalPort();
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = server.accept();
                sockets.add(socket);
                Thread.ofVirtual().start(() -> serve(socket));
            }
        } catch (IOException e) {
            // The end of the test.
            assert server.isClosed() : e;
        }
    }

    private void serve(Socket socket) {
        PacketDecoder decoder = new PacketDecoder(PacketDecoder.Receiver.SERVER, 1 << 20);
        ByteBuf in = Unpooled.buffer();
        try (socket;
                InputStream from = socket.getInputStream()) {
            byte[] chunk = new byte[64 << 10];
            for (int read = from.read(chunk); read >= 0; read = from.read(chunk)) {
                in.discardReadBytes().writeBytes(chunk, 0, read);
                for (Packet packet = decoder.decode(in); packet != null; packet = decoder.decode(in)) {
                    if (packet instanceof Disconnect) {
                        return;
                    }
                    answer(socket, packet);
                }
            }
        } catch (IOException | DecodeException e) {
            // The generator closed: what it says of that is what the test looks at.
            subscribers.remove(socket);
        }
    }

    private void answer(Socket socket, @Nullable Packet packet) throws IOException {
        switch (packet) {
            case Connect _ -> send(socket, new ConnAck(false, ReasonCode.SUCCESS, Properties.NONE));
            case Subscribe subscribe -> {
                subscribers.add(socket);
                List<ReasonCode> reasons = subscribe.requests().stream()
                        .map(_ -> ReasonCode.SUCCESS)
                        .toList();
                send(socket, new SubAck(subscribe.packetId(), reasons, Properties.NONE));
            }
            case Publish publish -> {
                for (Publish each : rule.apply(publish)) {
                    for (Socket subscriber : subscribers) {
                        send(subscriber, each);
                    }
                }
            }
            case null, default -> {}
        }
    }

    private static void send(Socket socket, Packet packet) throws IOException {
        ByteBuf out = Unpooled.buffer();
        PacketEncoder.encode(packet, MqttVersion.MQTT_3_1_1, out);
        socket.getOutputStream().write(out.array(), 0, out.readableBytes());
    }

    @Override
    public void close() {
        try {
            server.close();
            for (Socket each : sockets) {
                each.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
