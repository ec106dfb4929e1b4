// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.traffic;

import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.eclipse.californium.core.coap.Message;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.jspecify.annotations.Nullable;
import org.upwell.access.Mac;

/// One device's traffic while somebody looks.
///
/// A message belongs to the device if it names it, if it comes from or goes to the device's address, or if it has
/// the token or the message ID of one that belongs, at the same peer. Both the messages that wait for the reader
/// and the exchanges that are remembered are bounded: what is too much for the reader is counted and left out,
/// never waited for. Written by the listeners' stages, read by one reader.
public final class Trace implements AutoCloseable {

    private static final int MAX_WAITING = 1_000;
    private static final int MAX_REMEMBERED = 4_096;

    private final Mac device;
    private final boolean withPayload;
    private final Consumer<Trace> onClose;
    private final BlockingQueue<TracedMessage> waiting = new LinkedBlockingQueue<>(MAX_WAITING);
    private final LongAdder leftOut = new LongAdder();

    /// Under this object's lock.
    private final Map<Key, Known> remembered = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Known> eldest) {
            return size() > MAX_REMEMBERED;
        }
    };

    /// @param kind a token or a message ID, and whose: each side chooses its own
    private record Key(String listener, String peer, String kind, String value) {}

    private record Known(String uri, long sinceNanos, String token) {}

    Trace(Mac device, boolean withPayload, Consumer<Trace> onClose) {
        this.device = device;
        this.withPayload = withPayload;
        this.onClose = onClose;
    }

    Mac device() {
        return device;
    }

    void offer(Sighting sighting) {
        TracedMessage traced = look(sighting);
        if (traced != null && !waiting.offer(traced)) {
            leftOut.increment();
        }
    }

    /// Null if it is not the device's.
    private synchronized @Nullable TracedMessage look(Sighting sighting) {
        Message message = sighting.message();
        boolean isRequest = message instanceof Request;
        boolean isEmpty = !isRequest && !(message instanceof Response);
        Key token = key(sighting, "token", isRequest == sighting.incoming(), message.getTokenString());
        Key mid = midKey(sighting, sighting.incoming());
        Known answered = isRequest ? null : remembered.get(isEmpty ? midKey(sighting, !sighting.incoming()) : token);
        if (!device.equals(sighting.device()) && answered == null) {
            // Its numbers are another device's from now on.
            remembered.remove(token);
            remembered.remove(mid);
            return null;
        }
        Known same = remembered.get(mid);
        boolean repeated = !isEmpty && same != null && same.token.equals(message.getTokenString());
        Known now = now(sighting, answered, repeated ? same : null);
        remembered.put(mid, now);
        if (!isEmpty) {
            remembered.put(token, now);
        }
        return traced(sighting, now.uri, outcome(sighting, answered, repeated), isEmpty);
    }

    private static Known now(Sighting sighting, @Nullable Known answered, @Nullable Known repeated) {
        String token = sighting.message().getTokenString();
        if (answered != null) {
            return new Known(answered.uri, answered.sinceNanos, token);
        }
        return repeated == null ? new Known(sighting.uri(), sighting.nanos(), token) : repeated;
    }

    private static String outcome(Sighting sighting, @Nullable Known answered, boolean repeated) {
        if (repeated) {
            return "repeated";
        }
        if (answered != null && sighting.message() instanceof Response) {
            return TracedMessage.milliseconds(sighting.nanos() - answered.sinceNanos);
        }
        return sighting.incoming() ? "received" : "sent";
    }

    private TracedMessage traced(Sighting sighting, String uri, String outcome, boolean isEmpty) {
        Message message = sighting.message();
        return new TracedMessage(
                sighting.time(),
                sighting.listener(),
                sighting.incoming() ? "in" : "out",
                sighting.peer(),
                TracedMessage.typeOf(message),
                TracedMessage.codeOf(message),
                message.getMID(),
                isEmpty ? "" : HexFormat.of().formatHex(message.getTokenBytes()),
                uri,
                message.getPayloadSize(),
                outcome,
                withPayload ? message.getPayload() : null);
    }

    private static Key midKey(Sighting sighting, boolean ofPeer) {
        return key(sighting, "mid", ofPeer, Integer.toString(sighting.message().getMID()));
    }

    private static Key key(Sighting sighting, String kind, boolean ofPeer, String value) {
        return new Key(sighting.listener(), sighting.peer(), ofPeer ? kind + " of peer" : kind, value);
    }

    /// The next message; empty if none comes in time.
    public Optional<TracedMessage> next(Duration patience) throws InterruptedException {
        return Optional.ofNullable(waiting.poll(patience.toNanos(), TimeUnit.NANOSECONDS));
    }

    /// How many messages the reader was too slow for, since it asked last.
    public long takeLeftOut() {
        return leftOut.sumThenReset();
    }

    @Override
    public void close() {
        onClose.accept(this);
    }
}
