// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.presence;

import java.net.InetSocketAddress;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.access.DeviceOwners;
import org.upwell.access.Mac;
import org.upwell.codec.QoS;
import org.upwell.gateway.bridge.BrokerLink;
import org.upwell.gateway.bridge.Publication;
import org.upwell.gateway.event.GatewayCounters;
import org.upwell.gateway.event.GatewayEvent;
import org.upwell.gateway.field.AddressBook;
import org.upwell.gateway.field.Registration;
import tools.jackson.databind.json.JsonMapper;

/// Publishes, retained, whether each device is reachable: `<tenant>/presence/<mac>/nic` (field protocol §1).
///
/// What matters is the newest state of each device, so that is all that is kept: a device whose state the broker has
/// not acknowledged stays queued, once, and its state is read when its turn comes. At most one turn of a device is
/// under way. A turn that failed comes again with the next tick, so that a refusing broker is not asked in a circle.
/// Safe for all threads; publishes on the timer's thread. A device without an owner is told to nobody.
public final class Presence implements AddressBook.Listener {

    private static final Logger LOG = LoggerFactory.getLogger(Presence.class);
    private static final int MAX_UNDER_WAY = 64;
    private static final long TICK_MILLIS = 1_000;
    private static final byte[] NOTHING = {};

    private final BrokerLink link;
    private final DeviceOwners owners;
    private final GatewayCounters counters;
    private final InstantSource clock;
    private final ScheduledExecutorService timer;
    private final JsonMapper json = JsonMapper.builder().build();

    private final Map<Mac, Device> devices = new HashMap<>();
    private final Queue<Mac> queue = new ArrayDeque<>();
    private final Queue<Mac> failed = new ArrayDeque<>();
    private int underWay;

    /// As JSON on the wire.
    record State(String state, String address, String since, String cause) {}

    /// What is to be told of a device and what was told.
    private static final class Device {
        State state;
        /// In one of the two queues.
        boolean queued;
        boolean underWay;
        /// Changed while a turn was under way.
        boolean again;
        /// The tenant under whose topic a state is retained.
        @Nullable
        String toldTenant;

        Device(State state) {
            this.state = state;
        }
    }

    /// One attempt to bring the broker up to date.
    ///
    /// @param former the tenant whose topic is to be cleared
    /// @param owner the tenant who is to be told
    private record Turn(
            Mac mac,
            Device device,
            State state,
            @Nullable String former,
            @Nullable String owner) {}

    public Presence(
            BrokerLink link,
            DeviceOwners owners,
            GatewayCounters counters,
            InstantSource clock,
            ScheduledExecutorService timer) {
        this.link = link;
        this.owners = owners;
        this.counters = counters;
        this.clock = clock;
        this.timer = timer;
        link.onLostSession(() -> timer.execute(this::tellAllAgain));
        Future<?> _ = timer.scheduleWithFixedDelay(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }

    @Override
    public void registered(@Nullable Registration previous, Registration current) {
        if (previous == null) {
            tell(current, "online", current.since(), "registered");
        } else if (!previous.address().equals(current.address())) {
            tell(current, "online", current.since(), "moved");
        } else if (previous.boot() != current.boot()) {
            tell(current, "online", current.since(), "restarted");
        }
    }

    @Override
    public void departed(Registration last, AddressBook.Departure why) {
        switch (why) {
            case MISSED_REGISTRATIONS -> {
                counters.count(GatewayEvent.DEVICE_OFFLINE);
                tell(last, "offline", clock.instant(), "missed-registrations");
            }
            case ADDRESS_TAKEN -> {
                counters.count(GatewayEvent.DEVICE_REPLACED);
                tell(last, "offline", clock.instant(), "address-taken");
            }
        }
    }

    /// Says that a device has another owner now, or its first.
    public synchronized void ownerChanged(Mac mac) {
        Device device = devices.get(mac);
        if (device != null) {
            enqueue(mac, device);
        }
    }

    /// A broker that lost our session lost what it retained, too, or may have.
    private synchronized void tellAllAgain() {
        devices.forEach(this::enqueue);
    }

    private synchronized void tell(Registration registration, String word, Instant since, String cause) {
        State state = new State(word, written(registration.address()), since.toString(), cause);
        Device device = devices.computeIfAbsent(registration.mac(), _ -> new Device(state));
        device.state = state;
        enqueue(registration.mac(), device);
    }

    private static String written(InetSocketAddress address) {
        String host = address.getAddress().getHostAddress();
        return (host.indexOf(':') >= 0 ? '[' + host + ']' : host) + ':' + address.getPort();
    }

    private void enqueue(Mac mac, Device device) {
        if (device.underWay) {
            device.again = true;
        } else if (!device.queued) {
            device.queued = true;
            queue.add(mac);
            // Not at once: the caller holds the address book's lock.
            timer.execute(this::publishQueued);
        }
    }

    private void tick() {
        synchronized (this) {
            queue.addAll(failed);
            failed.clear();
        }
        publishQueued();
    }

    private void publishQueued() {
        try {
            for (Turn turn = nextTurn(); turn != null; turn = nextTurn()) {
                publish(turn);
            }
        } catch (RuntimeException fault) {
            // Passed on, it would end the ticks.
            LOG.error("presence could not be published", fault);
        }
    }

    private synchronized @Nullable Turn nextTurn() {
        while (underWay < MAX_UNDER_WAY && link.isConnected()) {
            Mac mac = queue.poll();
            if (mac == null) {
                return null;
            }
            Device device = devices.get(mac);
            if (device == null) {
                continue;
            }
            device.queued = false;
            String owner = owners.ownerOf(mac).orElse(null);
            String former = device.toldTenant == null || device.toldTenant.equals(owner) ? null : device.toldTenant;
            if (owner != null || former != null) {
                device.underWay = true;
                underWay++;
                return new Turn(mac, device, device.state, former, owner);
            }
            forgetIfUntold(mac, device);
        }
        return null;
    }

    private void publish(Turn turn) {
        CompletionStage<Boolean> cleared = CompletableFuture.completedStage(true);
        CompletionStage<Boolean> told = cleared;
        if (turn.former != null) {
            cleared = retain(turn.former, turn.mac, NOTHING);
        }
        if (turn.owner != null) {
            told = retain(turn.owner, turn.mac, json.writeValueAsBytes(turn.state));
        }
        cleared.thenCombine(told, Boolean::logicalAnd).whenComplete((done, fault) -> {
            settle(turn, fault == null && done);
        });
    }

    private CompletionStage<Boolean> retain(String tenant, Mac mac, byte[] payload) {
        String topic = tenant + "/presence/" + mac + "/nic";
        return link.publish(new Publication(topic, payload, QoS.AT_LEAST_ONCE, true, List.of()))
                .thenApply(reason -> !reason.isError());
    }

    private synchronized void settle(Turn turn, boolean done) {
        Device device = turn.device;
        device.underWay = false;
        underWay--;
        counters.count(done ? GatewayEvent.PRESENCE_PUBLISHED : GatewayEvent.PRESENCE_DEFERRED);
        boolean again = device.again;
        device.again = false;
        if (!done) {
            device.queued = true;
            failed.add(turn.mac);
            return;
        }
        device.toldTenant = turn.owner;
        if (again) {
            enqueue(turn.mac, device);
        } else {
            forgetIfUntold(turn.mac, device);
        }
        if (!queue.isEmpty()) {
            timer.execute(this::publishQueued);
        }
    }

    /// A device that is gone is kept only if a tenant was told of it, whose topic may have to be cleared one day; so
    /// that what is kept is bounded by the devices that have owners.
    private void forgetIfUntold(Mac mac, Device device) {
        if (device.toldTenant == null && device.state.state.equals("offline")) {
            devices.remove(mac);
        }
    }
}
