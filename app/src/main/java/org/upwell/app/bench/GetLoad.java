// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.upwell.field.coap.CoapCode;
import org.upwell.field.coap.CoapFormatException;
import org.upwell.field.coap.CoapMessage;
import org.upwell.field.coap.CoapOption;
import org.upwell.field.coap.CoapType;
import org.upwell.load.Histogram;

/// Applications that read devices through the gateway's proxy: each has a session and a few requests under way, and
/// asks the next device when one is answered. A request that gets no answer in time is given up, never repeated, so
/// that nothing is counted twice. Runs on the thread that calls it.
final class GetLoad implements AutoCloseable {

    static final String THREAD = "bench-gets";

    private static final int CREATED = 0x41;
    private static final int MAX_DATAGRAM = 2_048;
    private static final long LOGIN_NANOS = 10_000_000_000L;
    private static final long PATIENCE_NANOS = 5_000_000_000L;
    private static final long LOOK_MILLIS = 100;

    private final Selector selector;
    private final List<Application> applications = new ArrayList<>();
    private final List<String> targets;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(MAX_DATAGRAM);
    private int nextDevice;
    private boolean sending;

    // What is counted, from the moment when it is asked for.
    private Histogram delays = new Histogram();
    private long answered;
    private long refused;
    private long unanswered;

    /// @param answered with 2.05
    /// @param refused with anything else
    /// @param delaysNanos of those with 2.05
    record Result(long answered, long refused, long unanswered, double seconds, Histogram delaysNanos) {}

    /// One session. Of each request under way, its token's number and when it left.
    private static final class Application {

        private final DatagramChannel channel;
        private final long[] numbers;
        private final long[] sentNanos;
        private int messageId;

        Application(DatagramChannel channel, int window) {
            this.channel = channel;
            this.numbers = new long[window];
            this.sentNanos = new long[window];
        }
    }

    /// @param targets the Proxy-Uri of each device
    GetLoad(List<String> targets) throws IOException {
        this.targets = targets;
        this.selector = Selector.open();
    }

    /// Opens a session with `token`.
    ///
    /// @throws IOException if the gateway does not
    void login(InetSocketAddress gateway, String token, int window) throws IOException {
        DatagramChannel channel = DatagramChannel.open();
        Application application = new Application(channel, window);
        applications.add(application);
        channel.connect(gateway);
        channel.configureBlocking(false);
        channel.register(selector, SelectionKey.OP_READ, application);
        CoapMessage login = CoapMessage.of(CoapType.CONFIRMABLE, CoapCode.POST, ++application.messageId)
                .token(token(0, 0))
                .path("/sessions")
                .option(CoapOption.uint(CoapOption.CONTENT_FORMAT, 0))
                .payload(token.getBytes(StandardCharsets.US_ASCII))
                .build();
        channel.write(ByteBuffer.wrap(login.encode()));
        long deadline = System.nanoTime() + LOGIN_NANOS;
        while (System.nanoTime() - deadline < 0) {
            selector.select(LOOK_MILLIS);
            selector.selectedKeys().clear();
            CoapMessage answer = read(application);
            if (answer != null && answer.code() != CoapCode.EMPTY) {
                if (answer.code() != CREATED) {
                    throw new IOException("the gateway refused a session");
                }
                acknowledge(application, answer);
                return;
            }
        }
        throw new IOException("the gateway does not answer");
    }

    /// Asks for so long, and counts after the warm-up.
    Result run(double warmUpSeconds, double seconds, Runnable onBegin) throws IOException {
        sending = true;
        for (Application application : applications) {
            for (int slot = 0; slot < application.numbers.length; slot++) {
                ask(application, slot);
            }
        }
        turn(warmUpSeconds);
        delays = new Histogram();
        answered = 0;
        refused = 0;
        unanswered = 0;
        onBegin.run();
        long began = System.nanoTime();
        turn(seconds);
        sending = false;
        return new Result(answered, refused, unanswered, (System.nanoTime() - began) / 1e9, delays);
    }

    private void turn(double seconds) throws IOException {
        long end = System.nanoTime() + (long) (seconds * 1e9);
        long look = System.nanoTime();
        while (System.nanoTime() - end < 0) {
            selector.select(LOOK_MILLIS);
            for (SelectionKey key : selector.selectedKeys()) {
                if (key.attachment() instanceof Application application) {
                    receive(application);
                }
            }
            selector.selectedKeys().clear();
            if (System.nanoTime() - look > LOOK_MILLIS * 1_000_000) {
                look = System.nanoTime();
                applications.forEach(this::giveUp);
            }
        }
    }

    private void receive(Application application) throws IOException {
        for (CoapMessage answer = read(application); answer != null; answer = read(application)) {
            acknowledge(application, answer);
            ByteBuffer token = ByteBuffer.wrap(answer.token());
            if (answer.code() == CoapCode.EMPTY || token.remaining() != CoapMessage.MAX_TOKEN_BYTES) {
                continue;
            }
            int slot = token.getInt();
            if (slot < 0 || slot >= application.numbers.length || token.getInt() != (int) application.numbers[slot]) {
                continue;
            }
            if (answer.code() == CoapCode.CONTENT) {
                answered++;
                delays.add(System.nanoTime() - application.sentNanos[slot]);
            } else {
                refused++;
            }
            ask(application, slot);
        }
    }

    private @Nullable CoapMessage read(Application application) throws IOException {
        buffer.clear();
        if (application.channel.read(buffer) <= 0) {
            return null;
        }
        byte[] datagram = new byte[buffer.flip().remaining()];
        buffer.get(datagram);
        try {
            return CoapMessage.decode(datagram);
        } catch (CoapFormatException fault) {
            throw new IOException("the gateway sent what is no CoAP: " + fault.getMessage(), fault);
        }
    }

    private static void acknowledge(Application application, CoapMessage answer) throws IOException {
        if (answer.type() == CoapType.CONFIRMABLE) {
            byte[] ack = CoapMessage.empty(CoapType.ACKNOWLEDGEMENT, answer.messageId())
                    .encode();
            application.channel.write(ByteBuffer.wrap(ack));
        }
    }

    private void ask(Application application, int slot) {
        if (!sending) {
            return;
        }
        int device = nextDevice;
        nextDevice = (nextDevice + 1) % targets.size();
        long number = ++application.numbers[slot];
        application.messageId = (application.messageId + 1) & 0xffff;
        CoapMessage get = CoapMessage.of(CoapType.CONFIRMABLE, CoapCode.GET, application.messageId)
                .token(token(slot, number))
                .option(CoapOption.text(CoapOption.PROXY_URI, targets.get(device)))
                .build();
        application.sentNanos[slot] = System.nanoTime();
        try {
            application.channel.write(ByteBuffer.wrap(get.encode()));
        } catch (IOException _) {
            // Counted as one without an answer when its time is over.
            application.sentNanos[slot] = System.nanoTime() - PATIENCE_NANOS;
        }
    }

    private void giveUp(Application application) {
        long now = System.nanoTime();
        for (int slot = 0; slot < application.numbers.length; slot++) {
            if (now - application.sentNanos[slot] > PATIENCE_NANOS) {
                unanswered++;
                ask(application, slot);
            }
        }
    }

    private static byte[] token(int slot, long number) {
        byte[] token = new byte[CoapMessage.MAX_TOKEN_BYTES];
        ByteBuffer.wrap(token).putInt(slot).putInt((int) number);
        return token;
    }

    @Override
    public void close() throws IOException {
        for (Application application : applications) {
            application.channel.close();
        }
        selector.close();
    }
}
