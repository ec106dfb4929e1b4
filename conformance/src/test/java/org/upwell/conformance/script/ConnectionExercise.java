// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance.script;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.slf4j.LoggerFactory;
import org.upwell.broker.store.InMemoryStore;

/// Plays any bytes to a broker as what clients send after CONNECT, and checks what must hold whatever they are.
///
/// The first byte chooses the version (or no CONNECT at all) and whether the session is persistent. The rest is
/// what is sent; `FE FE` in it ends a connection without DISCONNECT and goes on with the next one of the same
/// client id, so resumption and resending are reached too. The end of the bytes is the end of what the client
/// sends.
///
/// Holds: the server closes in time and says until then only well-formed packets of the version; the broker has no
/// fault and logs no error; the memory that it uses for bytes stays bounded.
final class ConnectionExercise implements AutoCloseable {

    /// After so many inputs what retained messages hold is let go with the broker.
    private static final int INPUTS_PER_BROKER = 2_000;

    private static final long MAX_BYTES_IN_USE = 128L << 20;
    private static final byte MARK = (byte) 0xFE;
    private static final int NO_CONNECT = 3;
    private static final byte PINGRESP = (byte) 0xD0;
    private static final int SILENCE_MILLIS = 10;

    private final ListAppender<ILoggingEvent> errors = new ListAppender<>();
    private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    private BrokerUnderTest broker = new BrokerUnderTest(new InMemoryStore(), Map.of());
    private int inputs;

    ConnectionExercise() throws IOException {
        errors.start();
        root.addAppender(errors);
    }

    /// Returns how many packets the server answered with.
    int run(byte[] input) throws IOException {
        if (input.length == 0) {
            return 0;
        }
        inputs++;
        if (inputs % INPUTS_PER_BROKER == 0) {
            broker.close();
            broker = new BrokerUnderTest(new InMemoryStore(), Map.of());
        }
        int choice = input[0] & 3;
        boolean persistent = (input[0] & 4) != 0;
        int answers = 0;
        int from = 1;
        while (from <= input.length) {
            int to = markAfter(input, from);
            answers += connection(choice, persistent, Arrays.copyOfRange(input, from, Math.min(to, input.length)));
            from = to + 2;
        }
        // Leaves no session behind.
        connection(Math.min(choice, 2), false, new byte[0]);
        check();
        return answers;
    }

    private static int markAfter(byte[] input, int from) {
        for (int at = from; at + 1 < input.length; at++) {
            if (input[at] == MARK && input[at + 1] == MARK) {
                return at;
            }
        }
        return input.length;
    }

    private int connection(int choice, boolean persistent, byte[] bytes) throws IOException {
        WireVersion version = WireVersion.values()[Math.min(choice, 2)];
        try (ScriptConnection connection = new ScriptConnection(broker.address(), version)) {
            WireBytes stream = new WireBytes();
            if (choice != NO_CONNECT) {
                PacketText connect =
                        PacketText.parse(List.of("CONNECT", "client=fuzz", "clean=" + (persistent ? 0 : 1)));
                if (persistent && version.is5()) {
                    connect.add("session-expiry", "100");
                }
                stream.raw(PacketWriter.write(connect, version));
            }
            // The ping asks for the end of the answers; where it becomes part of a broken packet, silence is it.
            stream.raw(bytes).bytes(0xC0, 0x00);
            boolean unknownVersion = choice == NO_CONNECT;
            return connection.trySend(stream.written()) ? answers(connection, unknownVersion) : 0;
        }
    }

    /// Reads to the end of the connection. Who sends no known CONNECT may have chosen any version.
    private static int answers(ScriptConnection connection, boolean unknownVersion) throws IOException {
        int packets = 0;
        boolean ended = false;
        while (true) {
            if (!ended && !connection.hasMore(SILENCE_MILLIS)) {
                connection.endOutput();
                ended = true;
            }
            byte[] packet = connection.receive();
            if (packet == null) {
                return packets;
            }
            packets++;
            if (!unknownVersion) {
                connection.show(packet);
            }
            if (!ended && packet[0] == PINGRESP) {
                connection.endOutput();
                ended = true;
            }
        }
    }

    private void check() {
        if (broker.faults() > 0) {
            throw new AssertionError("the broker had a fault of its own: " + errors.list);
        }
        synchronized (errors) {
            for (ILoggingEvent event : errors.list) {
                if (event.getLevel().isGreaterOrEqual(Level.ERROR)) {
                    throw new AssertionError("logged as an error: " + event.getFormattedMessage());
                }
            }
        }
        long used = PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory();
        if (used > MAX_BYTES_IN_USE) {
            throw new AssertionError(used + " bytes of buffers in use");
        }
    }

    @Override
    public void close() {
        root.detachAppender(errors);
        broker.close();
    }
}
