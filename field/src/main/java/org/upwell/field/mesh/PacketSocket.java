// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import java.util.List;

/// A UDP socket that many addresses share: each datagram received tells to which of them it came, and each one sent
/// names the one that it comes from (`IP_PKTINFO`, RFC 3542 §6). That is how an access point serves hundreds of
/// NICs, each with an address of its own, on one file. Linux only. Used by one thread at a time.
final class PacketSocket implements AutoCloseable {
    /// Longest datagram; longer ones are dropped.
    static final int MAX_BYTES = 2_048;

    private static final int IPV4 = 2;
    private static final int IPV6 = 10;
    private static final int DATAGRAM = 2;
    private static final int CLOSE_ON_EXEC = 0x80000;
    private static final int SOCKET_LEVEL = 1;
    private static final int SEND_BUFFER = 7;
    private static final int RECEIVE_BUFFER = 8;
    private static final int IP_LEVEL = 0;
    private static final int IP_PKTINFO = 8;
    private static final int IPV6_LEVEL = 41;
    private static final int IPV6_ONLY = 26;
    private static final int IPV6_RECVPKTINFO = 49;
    private static final int IPV6_PKTINFO = 50;
    private static final int IPV6_FREEBIND = 78;
    private static final int DO_NOT_WAIT = 0x40;
    private static final int TRUNCATED = 0x20;
    private static final int BUFFER_BYTES = 4 << 20;
    private static final int POLL_IN = 1;

    // struct msghdr
    private static final int MESSAGE_BYTES = 56;
    private static final int NAME = 0;
    private static final int NAME_LENGTH = 8;
    private static final int VECTOR = 16;
    private static final int VECTOR_COUNT = 24;
    private static final int CONTROL = 32;
    private static final int CONTROL_LENGTH = 40;
    private static final int FLAGS = 48;
    // struct cmsghdr, then the packet information
    private static final int CONTROL_BYTES = 64;
    private static final int CONTROL_LEVEL = 8;
    private static final int CONTROL_TYPE = 12;
    private static final int CONTROL_DATA = 16;

    private static final ValueLayout.OfShort BIG_ENDIAN_SHORT =
            ValueLayout.JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN).withByteAlignment(1);

    private final Arena arena = Arena.ofShared();
    private final MemorySegment state = arena.allocate(Syscalls.stateLayout());
    private final boolean ipv6;
    private final int file;
    private final int port;
    private final Message incoming = new Message();
    private final Message outgoing = new Message();

    /// One `struct msghdr` with all that it points to.
    private final class Message {
        final MemorySegment header = arena.allocate(MESSAGE_BYTES, 8);
        final MemorySegment peer = arena.allocate(32, 8);
        final MemorySegment control = arena.allocate(CONTROL_BYTES, 8);
        final MemorySegment vector = arena.allocate(16, 8);
        final MemorySegment data = arena.allocate(MAX_BYTES, 8);

        Message() {
            header.set(ValueLayout.ADDRESS, NAME, peer);
            header.set(ValueLayout.ADDRESS, VECTOR, vector);
            header.set(ValueLayout.JAVA_LONG, VECTOR_COUNT, 1);
            header.set(ValueLayout.ADDRESS, CONTROL, control);
            vector.set(ValueLayout.ADDRESS, 0, data);
        }
    }

    private PacketSocket(boolean ipv6, int wantedPort) throws IOException {
        if (!Syscalls.isSupported()) {
            throw new IOException("a field of many devices on few sockets needs 64-bit Linux");
        }
        this.ipv6 = ipv6;
        this.file = Syscalls.socket(state, ipv6 ? IPV6 : IPV4, DATAGRAM | CLOSE_ON_EXEC, 0);
        try {
            this.port = bind(wantedPort);
        } catch (IOException e) {
            Syscalls.close(state, file);
            throw e;
        }
    }

    /// @param port 0 for any
    static PacketSocket open(boolean ipv6, int port) throws IOException {
        return new PacketSocket(ipv6, port);
    }

    private int bind(int wantedPort) throws IOException {
        MemorySegment value = arena.allocate(ValueLayout.JAVA_INT);
        value.set(ValueLayout.JAVA_INT, 0, BUFFER_BYTES);
        // The system may grant less.
        Syscalls.socketOption(state, file, SOCKET_LEVEL, RECEIVE_BUFFER, value);
        Syscalls.socketOption(state, file, SOCKET_LEVEL, SEND_BUFFER, value);
        value.set(ValueLayout.JAVA_INT, 0, 1);
        if (ipv6) {
            Syscalls.socketOption(state, file, IPV6_LEVEL, IPV6_ONLY, value);
            Syscalls.socketOption(state, file, IPV6_LEVEL, IPV6_RECVPKTINFO, value);
            // Else the system sends from an address of a local route only if an interface has that very address.
            Syscalls.socketOption(state, file, IPV6_LEVEL, IPV6_FREEBIND, value);
        } else {
            Syscalls.socketOption(state, file, IP_LEVEL, IP_PKTINFO, value);
        }
        InetAddress any = InetAddress.ofLiteral(ipv6 ? "::" : "0.0.0.0");
        byte[] wanted = socketAddress(new InetSocketAddress(any, wantedPort));
        MemorySegment name = arena.allocate(32, 8);
        MemorySegment.copy(wanted, 0, name, ValueLayout.JAVA_BYTE, 0, wanted.length);
        Syscalls.bind(state, file, name, wanted.length);
        value.set(ValueLayout.JAVA_INT, 0, 32);
        Syscalls.socketName(state, file, name, value);
        return Short.toUnsignedInt(name.get(BIG_ENDIAN_SHORT, 2));
    }

    int port() {
        return port;
    }

    /// Sends at once, or never: a full buffer loses a datagram like any other cause.
    ///
    /// @param local the address that it comes from
    /// @param peer as made by [#socketAddress]
    void send(byte[] local, byte[] peer, byte[] data) throws IOException {
        Message message = outgoing;
        MemorySegment.copy(peer, 0, message.peer, ValueLayout.JAVA_BYTE, 0, peer.length);
        MemorySegment.copy(data, 0, message.data, ValueLayout.JAVA_BYTE, 0, data.length);
        message.header.set(ValueLayout.JAVA_INT, NAME_LENGTH, peer.length);
        message.vector.set(ValueLayout.JAVA_LONG, 8, data.length);
        int infoBytes = ipv6 ? 20 : 12;
        int at = CONTROL_DATA + (ipv6 ? 0 : 4);
        MemorySegment control = message.control;
        control.fill((byte) 0);
        control.set(ValueLayout.JAVA_LONG, 0, CONTROL_DATA + infoBytes);
        control.set(ValueLayout.JAVA_INT, CONTROL_LEVEL, ipv6 ? IPV6_LEVEL : IP_LEVEL);
        control.set(ValueLayout.JAVA_INT, CONTROL_TYPE, ipv6 ? IPV6_PKTINFO : IP_PKTINFO);
        MemorySegment.copy(local, 0, control, ValueLayout.JAVA_BYTE, at, local.length);
        message.header.set(ValueLayout.JAVA_LONG, CONTROL_LENGTH, (CONTROL_DATA + infoBytes + 7L) / 8 * 8);
        var _ = Syscalls.send(state, file, message.header, DO_NOT_WAIT);
    }

    /// The next datagram's length, to be read by the accessors; -1 when none waits.
    int receive() throws IOException {
        Message message = incoming;
        message.header.set(ValueLayout.JAVA_INT, NAME_LENGTH, (int) message.peer.byteSize());
        message.header.set(ValueLayout.JAVA_LONG, CONTROL_LENGTH, CONTROL_BYTES);
        message.vector.set(ValueLayout.JAVA_LONG, 8, MAX_BYTES);
        while (true) {
            long count = Syscalls.receive(state, file, message.header, DO_NOT_WAIT);
            if (count == -Syscalls.EAGAIN) {
                return -1;
            }
            boolean whole = (message.header.get(ValueLayout.JAVA_INT, FLAGS) & TRUNCATED) == 0;
            if (count >= 0 && whole) {
                return (int) count;
            }
            if (count < 0 && count != -Syscalls.EINTR) {
                throw new IOException("recvmsg failed with error number " + -count);
            }
            message.header.set(ValueLayout.JAVA_INT, NAME_LENGTH, (int) message.peer.byteSize());
            message.header.set(ValueLayout.JAVA_LONG, CONTROL_LENGTH, CONTROL_BYTES);
        }
    }

    /// Of the datagram received last.
    byte[] data(int count) {
        return incoming.data.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE);
    }

    /// The address to which the datagram received last came.
    byte[] localAddress() {
        int at = CONTROL_DATA + (ipv6 ? 0 : 8);
        return incoming.control.asSlice(at, ipv6 ? 16 : 4).toArray(ValueLayout.JAVA_BYTE);
    }

    /// Whence the datagram received last came, for [#send].
    byte[] peer() {
        int length = incoming.header.get(ValueLayout.JAVA_INT, NAME_LENGTH);
        return incoming.peer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
    }

    @Override
    public void close() {
        try {
            Syscalls.close(state, file);
        } catch (IOException e) {
            throw new IllegalStateException("a socket does not close", e);
        } finally {
            arena.close();
        }
    }

    /// `struct sockaddr_in` or `sockaddr_in6`.
    static byte[] socketAddress(InetSocketAddress address) {
        byte[] host = address.getAddress().getAddress();
        boolean six = host.length == 16;
        MemorySegment bytes = MemorySegment.ofArray(new byte[six ? 28 : 16]);
        bytes.set(ValueLayout.JAVA_SHORT_UNALIGNED, 0, (short) (six ? IPV6 : IPV4));
        bytes.set(BIG_ENDIAN_SHORT, 2, (short) address.getPort());
        MemorySegment.copy(host, 0, bytes, ValueLayout.JAVA_BYTE, six ? 8 : 4, host.length);
        return bytes.toArray(ValueLayout.JAVA_BYTE);
    }

    /// Waits for datagrams on several sockets of one thread.
    static final class Poll {
        private static final int ENTRY_BYTES = 8;

        private final MemorySegment state;
        private final MemorySegment files;
        private final int count;

        Poll(List<PacketSocket> sockets) {
            Arena arena = Arena.ofAuto();
            state = arena.allocate(Syscalls.stateLayout());
            count = sockets.size();
            files = arena.allocate((long) ENTRY_BYTES * Math.max(1, count), 8);
            for (int i = 0; i < count; i++) {
                files.set(ValueLayout.JAVA_INT, (long) ENTRY_BYTES * i, sockets.get(i).file);
                files.set(ValueLayout.JAVA_SHORT, (long) ENTRY_BYTES * i + 4, (short) POLL_IN);
            }
        }

        /// Whether anything has come within the time.
        boolean await(int millis) throws IOException {
            return Syscalls.poll(state, files, count, millis) > 0;
        }

        boolean isReady(int socket) {
            return files.get(ValueLayout.JAVA_SHORT, (long) ENTRY_BYTES * socket + 6) != 0;
        }
    }
}
