// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.coap;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.Exchange;
import org.jspecify.annotations.Nullable;

/// The one answer that a request gets, from whichever thread has it first.
///
/// A confirmable request that is not answered at once gets an empty acknowledgement after a while (RFC 7252
/// §5.2.2), so that its sender stops repeating; the answer then goes out on its own. A request that nobody answers
/// gets what the patience supplies.
public final class Reply {

    private final Exchange exchange;
    private boolean answered;
    // One timer at a time: nearly every answer comes before the first of them is due.
    private @Nullable Future<?> due;
    private long ackNanos;
    private @Nullable Runnable afterAck;

    public Reply(Exchange exchange) {
        this.exchange = exchange;
    }

    public Exchange exchange() {
        return exchange;
    }

    /// Schedules the empty acknowledgement.
    public synchronized void acknowledgeAfter(Duration delay, ScheduledExecutorService timer) {
        if (!answered && exchange.getRequest().isConfirmable()) {
            ackNanos = delay.toNanos();
            due = timer.schedule(this::acknowledge, ackNanos, TimeUnit.NANOSECONDS);
        }
    }

    /// Schedules the answer for the case that no other comes; after [#acknowledgeAfter], if that is wanted, too.
    public synchronized void giveUpAfter(Duration delay, ScheduledExecutorService timer, Supplier<Response> lastWord) {
        if (answered) {
            return;
        }
        long nanos = delay.toNanos();
        if (due != null && nanos > ackNanos) {
            afterAck = () -> due = giveUp(nanos - ackNanos, timer, lastWord);
        } else {
            if (due != null) {
                due.cancel(false);
            }
            due = giveUp(nanos, timer, lastWord);
        }
    }

    private Future<?> giveUp(long nanos, ScheduledExecutorService timer, Supplier<Response> lastWord) {
        return timer.schedule(() -> answer(lastWord.get()), nanos, TimeUnit.NANOSECONDS);
    }

    private synchronized void acknowledge() {
        if (answered) {
            return;
        }
        // Else an acknowledgement that is sent before giveUpAfter is called would be waited for there.
        due = null;
        exchange.execute(exchange::sendAccept);
        if (afterAck != null) {
            afterAck.run();
        }
    }

    /// Sends `response` unless another was first.
    ///
    /// @return true if `response` was the first
    public boolean answer(Response response) {
        return claim() && send(response);
    }

    private boolean send(Response response) {
        exchange.sendResponse(response);
        return true;
    }

    /// Answers no more: the client does not wait any longer. A confirmable request is acknowledged, so that it is
    /// not sent again.
    public void withdraw() {
        if (claim()) {
            exchange.execute(exchange::sendAccept);
        }
    }

    /// Takes the right to answer, for callers that must do more than send a response. True for the first one only.
    public synchronized boolean claim() {
        if (answered) {
            return false;
        }
        answered = true;
        if (due != null) {
            due.cancel(false);
        }
        return true;
    }
}
