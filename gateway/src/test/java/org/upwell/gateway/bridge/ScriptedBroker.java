// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.bridge;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/// An MQTT server whose every packet is written by the test, for one connection at a time.
final class ScriptedBroker implements AutoCloseable {

    static final int CONNECT = 1;
    static final int PUBLISH = 3;
    static final int PUBREL = 6;

    private static final int PATIENCE_MILLIS = 15_000;

    private final ServerSocket server;
    private Socket connection = new Socket();

    /// One packet from the client.
    record Packet(int type, int flags, byte[] body) {

        int packetIdAt(int offset) {
            return (body[offset] & 0xff) << 8 | (body[offset + 1] & 0xff);
        }

        String textAt(int offset) {
            return new String(body, offset + 2, packetIdAt(offset), StandardCharsets.UTF_8);
        }
    }

    ScriptedBroker() {
        try {
            server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
            server.setSoTimeout(PATIENCE_MILLIS);
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
    }

    int port() {
        return server.getLocalPort();
    }

    /// Takes the next connection and its CONNECT.
    Packet accept() {
        try {
            connection = server.accept();
            connection.setSoTimeout(PATIENCE_MILLIS);
            return receive();
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
    }

    /// CONNACK, success, no properties.
    void welcome(boolean sessionPresent) {
        send("2003" + (sessionPresent ? "01" : "00") + "0000");
    }

    Packet receive() {
        try {
            DataInputStream in = new DataInputStream(connection.getInputStream());
            int head = in.readUnsignedByte();
            int length = 0;
            int shift = 0;
            int digit;
            do {
                digit = in.readUnsignedByte();
                length |= (digit & 0x7f) << shift;
                shift += 7;
            } while ((digit & 0x80) != 0);
            return new Packet(head >> 4, head & 0xf, in.readNBytes(length));
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
    }

    void send(String hex) {
        try {
            connection.getOutputStream().write(HexFormat.of().parseHex(hex));
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
    }

    /// PUBACK and its kin: type nibble and flags, packet id, reason.
    void answer(int head, int packetId, int reason) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {(byte) head, 3, (byte) (packetId >> 8), (byte) packetId, (byte) reason});
        send(HexFormat.of().formatHex(out.toByteArray()));
    }

    void drop() {
        try {
            connection.close();
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
    }

    @Override
    public void close() {
        drop();
        try {
            server.close();
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
    }
}
