// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.field.coap.CoapCode;
import org.upwell.field.loop.Loop;

/// Tells the gateway where this NIC is: at start, after each change of address, and at two thirds of the life that the
/// gateway gave the last registration. Owned by the NIC's loop.
final class Registration {
    private static final Logger LOG = LoggerFactory.getLogger(Registration.class);
    private static final long DEFAULT_LIFE_SECONDS = 900;

    private final Loop loop;
    private final GatewayClient gateway;
    private final List<String> identity;
    private final Backoff backoff;
    private final Runnable onRegistered;
    private boolean underWay;
    private boolean again;
    private boolean closed;
    private Loop.@Nullable Timer timer;

    /// @param identity the queries that name this NIC and its boot
    Registration(Loop loop, GatewayClient gateway, List<String> identity, Backoff backoff, Runnable onRegistered) {
        this.loop = loop;
        this.gateway = gateway;
        this.identity = identity;
        this.backoff = backoff;
        this.onRegistered = onRegistered;
    }

    /// Now, whatever was planned.
    void register() {
        if (underWay) {
            again = true;
            return;
        }
        send();
    }

    void close() {
        closed = true;
        stop();
    }

    private void send() {
        stop();
        if (closed) {
            return;
        }
        underWay = true;
        again = false;
        gateway.post(new GatewayClient.Post("/nic", identity, -1, true, new byte[0]), this::onAnswer);
    }

    private void onAnswer(GatewayClient.Answer answer) {
        underWay = false;
        if (closed) {
            return;
        }
        if (again) {
            send();
            return;
        }
        if (answer instanceof GatewayClient.Answer.Response response && CoapCode.isSuccess(response.code())) {
            backoff.reset();
            long life = response.maxAgeSeconds() > 0 ? response.maxAgeSeconds() : DEFAULT_LIFE_SECONDS;
            timer = loop.after(Duration.ofMillis(life * 2_000 / 3), this::send);
            onRegistered.run();
            return;
        }
        Duration delay = backoff.next(answer);
        LOG.debug("registration {} not accepted: {}, again in {}", identity, answer, delay);
        timer = loop.after(delay, this::send);
    }

    private void stop() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }
}
