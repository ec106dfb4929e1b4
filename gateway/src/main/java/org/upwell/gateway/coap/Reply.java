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
/// A confirmable request that is not answered at once gets an empty acknowledgement after a while (RFC 7252 §5.2.2),
/// so that its sender stops repeating; the answer then goes out on its own. A request that nobody answers gets what
/// the patience supplies.
public final class Reply {

    private final Exchange exchange;
    private boolean answered;
    private @Nullable Future<?> promptAck;
    private @Nullable Future<?> patience;

    public Reply(Exchange exchange) {
        this.exchange = exchange;
    }

    public Exchange exchange() {
        return exchange;
    }

    /// Schedules the empty acknowledgement.
    public synchronized void acknowledgeAfter(Duration delay, ScheduledExecutorService timer) {
        if (!answered && exchange.getRequest().isConfirmable()) {
            promptAck = timer.schedule(this::acknowledge, delay.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    /// Schedules the answer for the case that no other comes.
    public synchronized void giveUpAfter(Duration delay, ScheduledExecutorService timer, Supplier<Response> lastWord) {
        if (!answered) {
            patience = timer.schedule(() -> answer(lastWord.get()), delay.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private void acknowledge() {
        exchange.execute(exchange::sendAccept);
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

    /// Takes the right to answer, for callers that must do more than send a response. True for the first one only.
    public synchronized boolean claim() {
        if (answered) {
            return false;
        }
        answered = true;
        if (promptAck != null) {
            promptAck.cancel(false);
        }
        if (patience != null) {
            patience.cancel(false);
        }
        return true;
    }
}
