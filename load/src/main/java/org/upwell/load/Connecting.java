// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Property;

/// Opens connections, a number of them at a time, and counts how that goes. Owned by the loop until it is done,
/// then to be read by anybody.
final class Connecting implements LoadConnection.Opening {
    private final List<LoadConnection> connections;
    private final int atOnce;
    private final BiConsumer<LoadConnection, LoadConnection.Opening> start;
    private final CompletableFuture<Connecting> done = new CompletableFuture<>();
    private final Histogram latency = new Histogram();
    private long beganNanos;
    private long firstNanos;
    private long lastNanos;
    private int next;
    private int inProgress;
    private int opened;
    private int failed;
    private int sessionsPresent;
    private int receiveMaximum = 65_535;
    private int maximumQos = 2;
    private @Nullable String firstFailure;
    private boolean starting;

    Connecting(List<LoadConnection> connections, int atOnce, BiConsumer<LoadConnection, LoadConnection.Opening> start) {
        this.connections = connections;
        this.atOnce = atOnce;
        this.start = start;
    }

    CompletableFuture<Connecting> done() {
        return done;
    }

    void begin() {
        beganNanos = System.nanoTime();
        lastNanos = beganNanos;
        goOn();
    }

    /// One that fails at once must not start the next inside of the call that started it.
    private void goOn() {
        if (starting) {
            return;
        }
        starting = true;
        while (inProgress < atOnce && next < connections.size()) {
            inProgress++;
            start.accept(connections.get(next++), this);
        }
        starting = false;
        if (inProgress == 0 && next == connections.size()) {
            done.complete(this);
        }
    }

    @Override
    public void opened(LoadConnection connection, ConnAck ack) {
        lastNanos = System.nanoTime();
        if (opened == 0) {
            firstNanos = lastNanos;
        }
        opened++;
        latency.add(lastNanos - connection.openedNanos());
        sessionsPresent += ack.sessionPresent() ? 1 : 0;
        receiveMaximum = (int) Math.min(receiveMaximum, ack.properties().integer(Property.RECEIVE_MAXIMUM, 65_535));
        maximumQos = (int) Math.min(maximumQos, ack.properties().integer(Property.MAXIMUM_QOS, 2));
        inProgress--;
        goOn();
    }

    @Override
    public void failed(LoadConnection connection, String why) {
        failed++;
        if (firstFailure == null) {
            firstFailure = why;
        }
        inProgress--;
        goOn();
    }

    int opened() {
        return opened;
    }

    int failed() {
        return failed;
    }

    int sessionsPresent() {
        return sessionsPresent;
    }

    /// Why the first that failed did, null if none did.
    @Nullable
    String firstFailure() {
        return firstFailure;
    }

    /// The least *Receive Maximum* that the broker named.
    int receiveMaximum() {
        return receiveMaximum;
    }

    int maximumQos() {
        return maximumQos;
    }

    /// When the first CONNACK came.
    long firstNanos() {
        return firstNanos;
    }

    /// From the first attempt to the last CONNACK.
    double seconds() {
        return (lastNanos - beganNanos) / 1e9;
    }

    Histogram latency() {
        return latency;
    }
}
