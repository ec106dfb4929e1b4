// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.proxy;

import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.eclipse.californium.core.coap.BlockOption;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.jspecify.annotations.Nullable;
import org.upwell.gateway.coap.Answers;
import org.upwell.gateway.session.Session;

/// Puts together what applications send in blocks (RFC 7959 §2.5). Nothing goes to the device before all of it is
/// here, so that a sender who stops half-way costs the mesh nothing.
///
/// One body is kept for each session and resource, the newest; bodies are bounded in size and number, and the one
/// not used for longest goes first. Safe for all threads.
final class RequestBodies {

    static final int MAX_BYTES = 8_192;

    private static final int MAX_BODIES = 1_024;

    /// EXCHANGE_LIFETIME (RFC 7252 §4.8.2), for which RFC 7959 §2.4 asks.
    private static final Duration LIFE = Duration.ofSeconds(247);

    /// What came of a block.
    sealed interface Step {

        /// It was the last one.
        record Whole(byte[] body) implements Step {}

        /// The sender is to be told this, and nobody else anything.
        record Told(Response answer) implements Step {}
    }

    private record Key(Session session, ResourceKey resource) {}

    private record Begun(ByteArrayOutputStream body, long untilNanos) {}

    private final LongSupplier nanoClock;
    private final Map<Key, Begun> begun = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Begun> eldest) {
            return size() > MAX_BODIES;
        }
    };

    RequestBodies(LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
    }

    synchronized Step take(Session session, ResourceKey resource, Request request) {
        BlockOption block = request.getOptions().getBlock1();
        byte[] payload = request.getPayload();
        Key key = new Key(session, resource);
        Begun former = begun.remove(key);
        long now = nanoClock.getAsLong();
        if (block.isM() && payload.length != block.getSize()) {
            return new Step.Told(Answers.of(ResponseCode.BAD_REQUEST, "block is not full"));
        }
        ByteArrayOutputStream body = body(block, former, now);
        if (body == null) {
            return new Step.Told(Answers.of(ResponseCode.REQUEST_ENTITY_INCOMPLETE, "a block before is missing"));
        }
        Integer announced = request.getOptions().getSize1();
        if (body.size() + payload.length > MAX_BYTES || (announced != null && announced > MAX_BYTES)) {
            return new Step.Told(tooLarge());
        }
        body.writeBytes(payload);
        if (!block.isM()) {
            return new Step.Whole(body.toByteArray());
        }
        begun.put(key, new Begun(body, now + LIFE.toNanos()));
        Response more = new Response(ResponseCode.CONTINUE);
        more.getOptions().setBlock1(block.getSzx(), true, block.getNum());
        return new Step.Told(more);
    }

    /// What the block is appended to; null if it does not fit there. The size may change from block to block, so
    /// the place is counted in bytes (RFC 7959 §2.5).
    private static @Nullable ByteArrayOutputStream body(BlockOption block, @Nullable Begun former, long now) {
        if (block.getNum() == 0) {
            return new ByteArrayOutputStream();
        }
        boolean fits = former != null && former.untilNanos - now > 0 && former.body.size() == block.getOffset();
        return fits && former != null ? former.body : null;
    }

    private static Response tooLarge() {
        Response answer = Answers.of(ResponseCode.REQUEST_ENTITY_TOO_LARGE, "body is longer than " + MAX_BYTES);
        answer.getOptions().setSize1(MAX_BYTES);
        return answer;
    }
}
