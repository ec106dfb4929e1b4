// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.awaitility.Awaitility;
import org.upwell.codec.ReasonCode;
import org.upwell.gateway.bridge.BrokerLink;
import org.upwell.gateway.bridge.BrokerUnavailableException;
import org.upwell.gateway.bridge.Publication;

/// A broker that acknowledges when told.
public final class FakeBrokerLink implements BrokerLink {

    public record Published(Publication message, CompletableFuture<ReasonCode> outcome) {

        public void acknowledge() {
            outcome.complete(ReasonCode.SUCCESS);
        }

        public void refuse(ReasonCode reason) {
            outcome.complete(reason);
        }
    }

    private final String clientId;
    private final List<Published> published = new ArrayList<>();
    private boolean connected = true;
    private boolean busy;
    private Runnable onLostSession = () -> {};
    private boolean acknowledging = true;

    public FakeBrokerLink(String clientId) {
        this.clientId = clientId;
    }

    public String clientId() {
        return clientId;
    }

    /// From now on messages wait for [Published#acknowledge].
    public synchronized FakeBrokerLink holdAcknowledgements() {
        acknowledging = false;
        return this;
    }

    public synchronized void acknowledgeAtOnce() {
        acknowledging = true;
    }

    public synchronized void connected(boolean now) {
        connected = now;
    }

    public synchronized void busy(boolean now) {
        busy = now;
    }

    @Override
    public synchronized CompletionStage<ReasonCode> publish(Publication publication) {
        if (!connected) {
            return CompletableFuture.failedStage(new BrokerUnavailableException(BrokerUnavailableException.Cause.AWAY));
        }
        if (busy) {
            return CompletableFuture.failedStage(new BrokerUnavailableException(BrokerUnavailableException.Cause.BUSY));
        }
        CompletableFuture<ReasonCode> outcome = new CompletableFuture<>();
        published.add(new Published(publication, outcome));
        if (acknowledging) {
            outcome.complete(ReasonCode.SUCCESS);
        }
        return outcome;
    }

    public synchronized List<Published> published() {
        return List.copyOf(published);
    }

    /// Waits for the message at `index`, the first being 0.
    public Published await(int index) {
        Awaitility.await().until(() -> published().size() > index);
        return published().get(index);
    }

    @Override
    public synchronized boolean isConnected() {
        return connected;
    }

    @Override
    public synchronized void onLostSession(Runnable action) {
        onLostSession = action;
    }

    /// The broker was away and has lost everything.
    public void loseSession() {
        Runnable action;
        synchronized (this) {
            action = onLostSession;
        }
        action.run();
    }

    @Override
    public void close() {}
}
