// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.serial;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;

/// A pseudo-terminal pair in raw mode, made by the C library: the test holds the one end, the other has a path like any
/// serial port. Linux only. One thread.
public final class PseudoTerminal implements AutoCloseable {
    private static final int READ_WRITE_NO_CONTROLLING_TERMINAL = 0x102;
    private static final int TERMIOS_BYTES = 256;
    private static final int PATH_BYTES = 128;
    private static final int BUFFER_BYTES = 1_024;
    private static final short READABLE = 1;

    private static final MethodHandle OPEN = find("posix_openpt", ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
    private static final MethodHandle GRANT = find("grantpt", ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
    private static final MethodHandle UNLOCK = find("unlockpt", ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
    private static final MethodHandle NAME =
            find("ptsname_r", ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG);
    private static final MethodHandle GET =
            find("tcgetattr", ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS);
    private static final MethodHandle SET =
            find("tcsetattr", ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS);
    private static final MethodHandle OPEN_FILE =
            find("open", ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT);
    private static final MethodHandle CLOSE = find("close", ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
    private static final MethodHandle READ =
            find("read", ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG);
    private static final MethodHandle WRITE =
            find("write", ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG);
    private static final MethodHandle POLL =
            find("poll", ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT);
    private static final MethodHandle MAKE_RAW = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("cfmakeraw"),
                    FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment buffer = arena.allocate(BUFFER_BYTES);
    private final MemorySegment pollRequest = arena.allocate(8, 4);
    private final int master;
    /// Held so that the pair does not hang up between two openings of the path.
    private final int slave;

    private final String path;
    private boolean closed;

    public PseudoTerminal() throws IOException {
        try {
            master = checked((int) OPEN.invokeExact(READ_WRITE_NO_CONTROLLING_TERMINAL), "posix_openpt");
            checked((int) GRANT.invokeExact(master), "grantpt");
            checked((int) UNLOCK.invokeExact(master), "unlockpt");
            MemorySegment name = arena.allocate(PATH_BYTES);
            checked(-(int) NAME.invokeExact(master, name, (long) PATH_BYTES), "ptsname_r");
            path = name.getString(0);
            slave = checked((int) OPEN_FILE.invokeExact(name, READ_WRITE_NO_CONTROLLING_TERMINAL), "open");
            MemorySegment termios = arena.allocate(TERMIOS_BYTES);
            checked((int) GET.invokeExact(slave, termios), "tcgetattr");
            MAKE_RAW.invokeExact(termios);
            checked((int) SET.invokeExact(slave, 0, termios), "tcsetattr");
        } catch (IOException e) {
            throw e;
        } catch (Throwable e) {
            throw new IOException(e);
        }
    }

    /// What the program under test opens.
    public String path() {
        return path;
    }

    public void write(byte[] bytes) {
        MemorySegment.copy(bytes, 0, buffer, ValueLayout.JAVA_BYTE, 0, bytes.length);
        try {
            long written = (long) WRITE.invokeExact(master, buffer, (long) bytes.length);
            if (written != bytes.length) {
                throw new AssertionError("wrote " + written + " of " + bytes.length + " bytes");
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /// As many bytes as asked for, or fewer when none came for so long.
    public byte[] read(int count, int patienceMillis) {
        byte[] bytes = new byte[count];
        int got = 0;
        try {
            while (got < count && isReadable(patienceMillis)) {
                long read = (long) READ.invokeExact(master, buffer, (long) Math.min(count - got, BUFFER_BYTES));
                if (read <= 0) {
                    break;
                }
                MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, 0, bytes, got, (int) read);
                got += (int) read;
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
        return Arrays.copyOf(bytes, got);
    }

    /// What is there, at least one byte unless none comes for so long.
    public byte[] readAvailable(int patienceMillis) {
        byte[] first = read(1, patienceMillis);
        byte[] more = first.length == 0 ? first : read(BUFFER_BYTES, 0);
        byte[] all = Arrays.copyOf(first, first.length + more.length);
        System.arraycopy(more, 0, all, first.length, more.length);
        return all;
    }

    /// The line is torn out.
    public void hangUp() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            int ignored = (int) CLOSE.invokeExact(slave) + (int) CLOSE.invokeExact(master);
            assert ignored <= 0;
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        } finally {
            arena.close();
        }
    }

    @Override
    public void close() {
        hangUp();
    }

    private boolean isReadable(int patienceMillis) throws Throwable {
        pollRequest.set(ValueLayout.JAVA_INT, 0, master);
        pollRequest.set(ValueLayout.JAVA_SHORT, 4, READABLE);
        return (int) POLL.invokeExact(pollRequest, 1L, patienceMillis) > 0
                && (pollRequest.get(ValueLayout.JAVA_SHORT, 6) & READABLE) != 0;
    }

    private static int checked(int result, String call) throws IOException {
        if (result < 0) {
            throw new IOException(call + " failed");
        }
        return result;
    }

    private static MethodHandle find(String name, MemoryLayout result, MemoryLayout... arguments) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(result, arguments));
    }
}
