// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
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
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.SubAck;
import org.upwell.codec.Subscribe;

/// A client of single packets on a real blocking socket: sends what it is told and shows what comes, and
/// acknowledges nothing by itself.
final class TestClient implements AutoCloseable {

    private static final int WAIT_MILLIS = 30_000;

    private final Socket socket;
    private final MqttVersion version;
    private final PacketDecoder decoder = new PacketDecoder(PacketDecoder.Receiver.CLIENT, 1 << 24);
    private final ByteBuf received = Unpooled.buffer();
    private int nextPacketId;

    TestClient(InetSocketAddress address, MqttVersion version) throws IOException {
        this.socket = new Socket(address.getAddress(), address.getPort());
        this.socket.setTcpNoDelay(true);
        this.version = version;
        decoder.version(version);
    }

    static TestClient connected(TestBroker broker, MqttVersion version, String clientId) throws IOException {
        TestClient client = new TestClient(broker.address(), version);
        client.connect(clientId, true, Properties.NONE);
        return client;
    }

    static Connect connectPacket(MqttVersion version, String clientId, boolean cleanStart, Properties properties) {
        return new Connect(version, clientId, cleanStart, 60, null, null, null, properties);
    }

    /// The bytes of a QoS 0 PUBLISH of MQTT 5, for who sends them in parts.
    static ByteBuf publishBytes(int payloadBytes) {
        return publishBytes(new byte[payloadBytes]);
    }

    static ByteBuf publishBytes(byte[] payload) {
        ByteBuf packet = Unpooled.buffer();
        PacketEncoder.encode(
                new Publish("acme/a", payload, QoS.AT_MOST_ONCE, false, false, 0, Properties.NONE),
                MqttVersion.MQTT_5,
                packet);
        return packet;
    }

    static Connect withPassword(Connect packet, String user, String password) {
        return new Connect(
                packet.version(),
                packet.clientId(),
                packet.cleanStart(),
                packet.keepAliveSeconds(),
                packet.will(),
                user,
                password.getBytes(StandardCharsets.UTF_8),
                packet.properties());
    }

    static Connect withWill(Connect packet, Connect.Will will) {
        return new Connect(
                packet.version(),
                packet.clientId(),
                packet.cleanStart(),
                packet.keepAliveSeconds(),
                will,
                packet.userName(),
                packet.password(),
                packet.properties());
    }

    ConnAck connect(String clientId, boolean cleanStart, Properties properties) throws IOException {
        return connect(connectPacket(version, clientId, cleanStart, properties));
    }

    ConnAck connect(Connect packet) throws IOException {
        send(packet);
        return receive(ConnAck.class);
    }

    SubAck subscribe(String filter, QoS qos) throws IOException {
        return subscribe(List.of(new Subscribe.Request(filter, qos)), Properties.NONE);
    }

    SubAck subscribe(List<Subscribe.Request> requests, Properties properties) throws IOException {
        send(new Subscribe(packetId(), requests, properties));
        return receive(SubAck.class);
    }

    void publish(String topic, String payload, QoS qos) throws IOException {
        publish(topic, payload, qos, false);
    }

    /// Returns the packet id.
    int publish(String topic, String payload, QoS qos, boolean retain) throws IOException {
        int packetId = qos == QoS.AT_MOST_ONCE ? 0 : packetId();
        send(new Publish(
                topic, payload.getBytes(StandardCharsets.UTF_8), qos, false, retain, packetId, Properties.NONE));
        return packetId;
    }

    int packetId() {
        nextPacketId++;
        return nextPacketId;
    }

    void send(Packet... packets) throws IOException {
        ByteBuf out = Unpooled.buffer();
        for (Packet packet : packets) {
            PacketEncoder.encode(packet, version, out);
        }
        sendBytes(out);
    }

    void sendBytes(ByteBuf bytes) throws IOException {
        bytes.readBytes(socket.getOutputStream(), bytes.readableBytes());
        socket.getOutputStream().flush();
    }

    <P extends Packet> P receive(Class<P> type) throws IOException {
        Packet packet = receive();
        if (!type.isInstance(packet)) {
            throw new AssertionError("expected " + type.getSimpleName() + ", got " + packet);
        }
        return type.cast(packet);
    }

    String receivePayload() throws IOException {
        return new String(receive(Publish.class).payload(), StandardCharsets.UTF_8);
    }

    List<String> receivePayloads(int count) throws IOException {
        List<String> payloads = new ArrayList<>();
        while (payloads.size() < count) {
            payloads.add(receivePayload());
        }
        return payloads;
    }

    /// The next packet; null if the server closed the connection.
    @Nullable
    Packet receive() throws IOException {
        socket.setSoTimeout(WAIT_MILLIS);
        try {
            while (true) {
                Packet packet = decoder.decode(received);
                if (packet != null) {
                    return packet;
                }
                if (!readMore()) {
                    return null;
                }
            }
        } catch (DecodeException e) {
            throw new AssertionError("the server sent what a client must not accept", e);
        }
    }

    /// The next packet; null if none comes within the time.
    ///
    /// @throws IOException also if the server closed the connection
    @Nullable
    Packet receiveWithin(int millis) throws IOException, DecodeException {
        socket.setSoTimeout(millis);
        try {
            Packet packet = decoder.decode(received);
            while (packet == null) {
                if (!readMore()) {
                    throw new EOFException("the server closed the connection");
                }
                packet = decoder.decode(received);
            }
            return packet;
        } catch (SocketTimeoutException e) {
            return null;
        }
    }

    private boolean readMore() throws IOException {
        received.discardReadBytes();
        InputStream in = socket.getInputStream();
        byte[] chunk = new byte[8192];
        int count = in.read(chunk);
        if (count < 0) {
            return false;
        }
        received.writeBytes(chunk, 0, count);
        return true;
    }

    /// Proves that nothing else is on its way: what follows a PINGREQ is its PINGRESP.
    void expectNothingButPong() throws IOException {
        send(org.upwell.codec.PingReq.INSTANCE);
        receive(org.upwell.codec.PingResp.class);
    }

    void expectClosed() throws IOException {
        try {
            Packet packet = receive();
            if (packet != null) {
                throw new AssertionError("expected the connection to be closed, got " + packet);
            }
        } catch (SocketTimeoutException e) {
            throw new AssertionError("the connection stays open", e);
        } catch (java.net.SocketException e) {
            // A reset is a close too.
            return;
        }
    }

    /// Says that nothing more will be sent, and goes on reading.
    void halfClose() throws IOException {
        socket.shutdownOutput();
    }

    /// Ends with a reset instead of a FIN when it is closed.
    void resetOnClose() throws IOException {
        socket.setSoLinger(true, 0);
    }

    /// Ends without DISCONNECT.
    @Override
    public void close() throws IOException {
        socket.close();
        received.release();
    }
}
