// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.proxy;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.zip.CRC32C;
import org.eclipse.californium.core.coap.BlockOption;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.OptionSet;
import org.eclipse.californium.core.coap.Response;
import org.jspecify.annotations.Nullable;
import org.upwell.gateway.coap.Answers;

/// Cuts answers into the blocks that clients ask for (RFC 7959 §2.4) and keeps what is left for a while.
///
/// Not left to the library, because existing clients send Observe again with every further block and expect it in
/// each answer (field protocol §4), which the library takes for a new registration. One body is kept for each
/// client and resource, the newest; the number of bodies is bounded, and the one not used for longest goes first.
/// Safe for all threads.
final class BodyBlocks {

    private static final int MAX_BODIES = 4_096;
    private static final Duration LIFE = Duration.ofMinutes(4);
    private static final int LARGEST_SZX = 6;

    private final LongSupplier nanoClock;
    private final Map<Key, Kept> kept = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Kept> eldest) {
            return size() > MAX_BODIES;
        }
    };

    private record Key(InetSocketAddress client, ResourceKey resource) {}

    private record Kept(Body body, long untilNanos) {}

    BodyBlocks(LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
    }

    /// The answer to a first request: all of `whole` if it fits, else its first block.
    ///
    /// @param wanted the request's Block2
    Response first(InetSocketAddress client, ResourceKey resource, Body whole, @Nullable BlockOption wanted) {
        int szx = wanted == null ? LARGEST_SZX : wanted.getSzx();
        Body body = whole;
        if (body.payload().length > BlockOption.szx2Size(szx)) {
            body = tagged(whole);
            synchronized (this) {
                kept.put(new Key(client, resource), new Kept(body, nanoClock.getAsLong() + LIFE.toNanos()));
            }
        } else if (wanted == null || wanted.getNum() == 0) {
            Response answer = body.head();
            answer.setPayload(body.payload());
            return answer;
        }
        return block(body, szx, wanted == null ? 0 : wanted.getNum());
    }

    /// A further block of what the client got the first block of, or empty if it is not here any more.
    Optional<Response> next(InetSocketAddress client, ResourceKey resource, BlockOption wanted) {
        Body body;
        synchronized (this) {
            Key key = new Key(client, resource);
            Kept found = kept.get(key);
            if (found == null) {
                return Optional.empty();
            }
            if (nanoClock.getAsLong() - found.untilNanos > 0) {
                kept.remove(key);
                return Optional.empty();
            }
            body = found.body;
        }
        // The last block is kept too: its answer may get lost.
        return Optional.of(block(body, wanted.getSzx(), wanted.getNum()));
    }

    /// Lets the client notice that two blocks are not of the same body (RFC 7959 §2.4), if the device did not.
    private static Body tagged(Body body) {
        if (AnswerCache.etag(body.options()) != null || !body.code().isSuccess()) {
            return body;
        }
        CRC32C sum = new CRC32C();
        sum.update(body.payload());
        OptionSet options = new OptionSet(body.options());
        options.addETag(
                ByteBuffer.allocate(Integer.BYTES).putInt((int) sum.getValue()).array());
        return new Body(body.code(), options, body.payload(), body.observe());
    }

    private static Response block(Body body, int szx, int number) {
        byte[] payload = body.payload();
        int size = BlockOption.szx2Size(szx);
        long from = (long) number * size;
        if (from >= payload.length) {
            return Answers.of(ResponseCode.BAD_REQUEST, "no such block");
        }
        int to = (int) Math.min(from + size, payload.length);
        Response response = number == 0 ? body.head() : body.furtherHead();
        response.getOptions().setBlock2(szx, to < payload.length, number);
        response.setPayload(Arrays.copyOfRange(payload, (int) from, to));
        return response;
    }
}
