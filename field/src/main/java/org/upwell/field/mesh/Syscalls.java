// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Locale;

/// The calls of 64-bit Linux that [PacketSocket] and [NetworkNamespace] need and the JDK does not offer: only
/// `sendmsg` and `recvmsg` can name the local address of a datagram, only `unshare` leaves the host's network. No
/// state; each caller brings its own segment for `errno`.
final class Syscalls {
    static final int EPERM = 1;
    static final int EINTR = 4;
    static final int EAGAIN = 11;

    private static final int NEW_NETWORK = 0x4000_0000;

    private static final AddressLayout POINTER = ValueLayout.ADDRESS;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private static final MethodHandle SOCKET = handle("socket", FunctionDescriptor.of(INT, INT, INT, INT));
    private static final MethodHandle BIND = handle("bind", FunctionDescriptor.of(INT, INT, POINTER, INT));
    private static final MethodHandle NAME = handle("getsockname", FunctionDescriptor.of(INT, INT, POINTER, POINTER));
    private static final MethodHandle OPTION =
            handle("setsockopt", FunctionDescriptor.of(INT, INT, INT, INT, POINTER, INT));
    private static final MethodHandle RECEIVE = handle("recvmsg", FunctionDescriptor.of(LONG, INT, POINTER, INT));
    private static final MethodHandle SEND = handle("sendmsg", FunctionDescriptor.of(LONG, INT, POINTER, INT));
    private static final MethodHandle POLL = handle("poll", FunctionDescriptor.of(INT, POINTER, LONG, INT));
    private static final MethodHandle CLOSE = handle("close", FunctionDescriptor.of(INT, INT));

    private Syscalls() {}

    /// Whether these layouts and numbers hold here.
    static boolean isSupported() {
        boolean linux =
                System.getProperty("os.name", "").toLowerCase(Locale.ROOT).equals("linux");
        return linux && POINTER.byteSize() == Long.BYTES;
    }

    static MemoryLayout stateLayout() {
        return STATE;
    }

    static int socket(MemorySegment state, int family, int type, int protocol) throws IOException {
        try {
            return checked("socket", state, (int) SOCKET.invokeExact(state, family, type, protocol));
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    static void bind(MemorySegment state, int file, MemorySegment address, int length) throws IOException {
        try {
            checked("bind", state, (int) BIND.invokeExact(state, file, address, length));
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    static void socketName(MemorySegment state, int file, MemorySegment address, MemorySegment length)
            throws IOException {
        try {
            checked("getsockname", state, (int) NAME.invokeExact(state, file, address, length));
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    static void socketOption(MemorySegment state, int file, int level, int name, MemorySegment value)
            throws IOException {
        try {
            int done = (int) OPTION.invokeExact(state, file, level, name, value, (int) value.byteSize());
            checked("setsockopt " + level + "/" + name, state, done);
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    /// Bytes received, or minus `errno`.
    static long receive(MemorySegment state, int file, MemorySegment message, int flags) throws IOException {
        try {
            long count = (long) RECEIVE.invokeExact(state, file, message, flags);
            return count >= 0 ? count : -errno(state);
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    /// Bytes sent, or minus `errno`.
    static long send(MemorySegment state, int file, MemorySegment message, int flags) throws IOException {
        try {
            long count = (long) SEND.invokeExact(state, file, message, flags);
            return count >= 0 ? count : -errno(state);
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    /// Files that are ready; none when a signal came.
    static int poll(MemorySegment state, MemorySegment files, long count, int timeoutMillis) throws IOException {
        try {
            int ready = (int) POLL.invokeExact(state, files, count, timeoutMillis);
            return ready < 0 && errno(state) == EINTR ? 0 : checked("poll", state, ready);
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    static void close(MemorySegment state, int file) throws IOException {
        try {
            checked("close", state, (int) CLOSE.invokeExact(state, file));
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    /// Gives the calling thread a network of its own; 0, or minus `errno`.
    static int unshareNetwork(MemorySegment state) throws IOException {
        // Not of every system that can load this class.
        MethodHandle unshare = handle("unshare", FunctionDescriptor.of(INT, INT));
        try {
            return (int) unshare.invokeExact(state, NEW_NETWORK) < 0 ? -errno(state) : 0;
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    private static int checked(String call, MemorySegment state, int result) throws IOException {
        if (result < 0) {
            throw new IOException(call + " failed with error number " + errno(state));
        }
        return result;
    }

    private static int errno(MemorySegment state) {
        return (int) ERRNO.get(state, 0L);
    }

    private static IOException rethrown(Throwable thrown) {
        return switch (thrown) {
            case IOException e -> e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> new IOException("a system call could not be made", thrown);
        };
    }

    /// Native access is granted by the launcher and by the tests' JVM arguments.
    private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
        Linker linker = Linker.nativeLinker();
        MemorySegment function = linker.defaultLookup()
                .find(name)
                .orElseThrow(() -> new UnsatisfiedLinkError("the system has no function " + name));
        return linker.downcallHandle(function, descriptor, Linker.Option.captureCallState("errno"));
    }
}
