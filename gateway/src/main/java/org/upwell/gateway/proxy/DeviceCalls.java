// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.proxy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.eclipse.californium.core.coap.Token;
import org.jspecify.annotations.Nullable;
import org.upwell.access.Mac;
import org.upwell.gateway.event.GatewayCounters;
import org.upwell.gateway.event.GatewayEvent;
import org.upwell.gateway.field.AccessPoint;
import org.upwell.gateway.field.AddressBook;
import org.upwell.gateway.field.Registration;
import org.upwell.gateway.session.Session;

/// All requests to devices that are under way, so that they can follow a device that moves. Safe for all threads.
final class DeviceCalls implements AddressBook.Listener {

    private final AddressBook devices;
    private final GatewayCounters counters;
    private final Executor executor;
    private final SendTurns turns;
    private final Map<Mac, Set<DeviceCall>> underWay = new ConcurrentHashMap<>();

    /// @param executor where calls are sent later or again; not the thread that hears of a move, which holds the
    ///     book's lock
    DeviceCalls(AddressBook devices, SendTurns turns, GatewayCounters counters, Executor executor) {
        this.turns = turns;
        this.devices = devices;
        this.counters = counters;
        this.executor = executor;
        devices.addListener(this);
    }

    /// Starts a call of a session; null for the gateway.
    DeviceCall start(DeviceCall.Order order, @Nullable Session session, DeviceCall.Outcome outcome) {
        return start(order, session, null, outcome);
    }

    /// Starts a call that goes out with the token of an earlier one; null for a new one.
    DeviceCall start(
            DeviceCall.Order order, @Nullable Session session, @Nullable Token token, DeviceCall.Outcome outcome) {
        DeviceCall call = new DeviceCall(this, order, session, token, outcome);
        underWay.compute(order.mac(), (_, calls) -> {
            Set<DeviceCall> known = calls == null ? new HashSet<>(2) : calls;
            known.add(call);
            return known;
        });
        counters.count(GatewayEvent.PROXY_FORWARDED);
        call.start();
        return call;
    }

    void remove(DeviceCall call) {
        underWay.computeIfPresent(call.mac(), (_, calls) -> {
            calls.remove(call);
            return calls.isEmpty() ? null : calls;
        });
    }

    SendTurns.Turn turn(
            DeviceCall.Order order, AccessPoint accessPoint, @Nullable Session session, SendTurns.Waiter waiter) {
        return turns.new Turn(order.mac(), order.resource(), accessPoint, session, waiter);
    }

    @Nullable
    Registration find(Mac mac) {
        return devices.find(mac).orElse(null);
    }

    void count(GatewayEvent event) {
        counters.count(event);
    }

    @Override
    public void registered(@Nullable Registration previous, Registration current) {
        if (previous != null && !previous.address().equals(current.address())) {
            executor.execute(() -> underWayTo(current.mac()).forEach(call -> call.deviceMoved(current)));
        }
    }

    @Override
    public void departed(Registration last, AddressBook.Departure why) {
        // A call finds out by itself; the device may still be there.
    }

    private List<DeviceCall> underWayTo(Mac mac) {
        List<DeviceCall> copy = new ArrayList<>();
        underWay.computeIfPresent(mac, (_, calls) -> {
            copy.addAll(calls);
            return calls;
        });
        return copy;
    }
}
