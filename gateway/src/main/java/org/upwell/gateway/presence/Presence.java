// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.presence;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
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
/// What matters is the newest state of each device, so that is all that is kept: a device whose state the broker
/// has not acknowledged stays queued, once, and its state is read when its turn comes. At most one turn of a device
/// is under way. A turn that failed comes again with the next tick, so that a refusing broker is not asked in a
/// circle. What was told outlives the process ([PresenceFile]). Safe for all threads; publishes on the timer's
/// thread. A device without an owner is told to nobody.
public final class Presence implements AddressBook.Listener, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Presence.class);
    private static final int MAX_UNDER_WAY = 64;
    private static final long TICK_MILLIS = 1_000;
    private static final byte[] NOTHING = {};
    private static final String ONLINE = "online";
    private static final String OFFLINE = "offline";
    private static final String MISSED = "missed-registrations";

    private final PresenceFile file;
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

    /// What a device is, in little memory: the words are constants, and the address is the address book's.
    record Word(String state, InetSocketAddress address, Instant since, String cause) {

        boolean isOnline() {
            return state.equals(ONLINE);
        }

        State forWire() {
            return new State(state, written(address), since.toString(), cause);
        }
    }

    /// What is to be told of a device and what was told.
    private static final class Device {
        Word state;
        /// In one of the two queues.
        boolean queued;
        boolean underWay;
        /// Changed while a turn was under way.
        boolean again;
        /// What an earlier process told, and nothing has been heard of it since.
        boolean unheard;
        /// The tenants under whose topics a state is retained, or may be: the owner, and former ones until they are
        /// cleared.
        Set<String> told = Set.of();

        Device(Word state) {
            this.state = state;
        }
    }

    /// One attempt to bring the broker up to date.
    ///
    /// @param former the tenants whose topics are to be cleared
    /// @param owner the tenant who is to be told
    private record Turn(
            Mac mac,
            Device device,
            Word state,
            Set<String> former,
            @Nullable String owner) {}

    public Presence(
            Path directory,
            BrokerLink link,
            DeviceOwners owners,
            GatewayCounters counters,
            InstantSource clock,
            ScheduledExecutorService timer)
            throws IOException {
        this.file = PresenceFile.open(directory.resolve("presence"), this::known);
        // Before anything is heard: the file may be written anew from the first registration on, and that first
        // registration must not stand in the way of the tenant who was told before.
        file.takeLeft().forEach((mac, told) -> {
            Device device = new Device(told.word());
            device.told = told.tenants();
            device.unheard = true;
            devices.put(mac, device);
        });
        this.link = link;
        this.owners = owners;
        this.counters = counters;
        this.clock = clock;
        this.timer = timer;
        link.onLostSession(() -> timer.execute(this::tellAllAgain));
        Future<?> _ = timer.scheduleWithFixedDelay(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }

    /// Tells again what an earlier process told: whether the broker got its last words nobody knows. A device that
    /// is not in the book any more is offline; who is in it is online. What was heard since the start stands.
    public synchronized void restore(Collection<Registration> present) {
        Map<Mac, Registration> here = new HashMap<>();
        present.forEach(registration -> here.put(registration.mac(), registration));
        devices.forEach((mac, device) -> {
            if (device.unheard && device.state.isOnline() && !here.containsKey(mac)) {
                device.state = new Word(OFFLINE, device.state.address, clock.instant(), MISSED);
                file.state(mac, device.state);
            }
            enqueue(mac, device);
        });
        for (Registration registration : present) {
            Device device = devices.get(registration.mac());
            if (device == null || (device.unheard && !device.state.isOnline())) {
                tell(registration, ONLINE, registration.since(), "registered");
            }
        }
    }

    /// For the file, when it is written anew.
    private synchronized Map<Mac, PresenceFile.Told> known() {
        Map<Mac, PresenceFile.Told> all = new HashMap<>();
        devices.forEach((mac, device) -> all.put(mac, new PresenceFile.Told(device.state, device.told)));
        return all;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    @Override
    public void registered(@Nullable Registration previous, Registration current) {
        if (previous == null) {
            tell(current, ONLINE, current.since(), "registered");
        } else if (!previous.address().equals(current.address())) {
            tell(current, ONLINE, current.since(), "moved");
        } else if (previous.boot() != current.boot()) {
            tell(current, ONLINE, current.since(), "restarted");
        }
    }

    @Override
    public void departed(Registration last, AddressBook.Departure why) {
        switch (why) {
            case MISSED_REGISTRATIONS -> {
                counters.count(GatewayEvent.DEVICE_OFFLINE);
                tell(last, OFFLINE, clock.instant(), MISSED);
            }
            case ADDRESS_TAKEN -> {
                counters.count(GatewayEvent.DEVICE_REPLACED);
                tell(last, OFFLINE, clock.instant(), "address-taken");
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
        Word state = new Word(word, registration.address(), since, cause);
        Device device = devices.computeIfAbsent(registration.mac(), _ -> new Device(state));
        device.state = state;
        device.unheard = false;
        file.state(registration.mac(), state);
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
            Set<String> former = new HashSet<>(device.told);
            former.remove(owner);
            if (owner != null || !former.isEmpty()) {
                device.underWay = true;
                underWay++;
                return new Turn(mac, device, device.state, former, owner);
            }
            forgetIfUntold(mac, device);
        }
        return null;
    }

    private void publish(Turn turn) {
        CompletionStage<Boolean> all = CompletableFuture.completedStage(true);
        for (String former : turn.former) {
            CompletionStage<Boolean> cleared = retain(former, turn.mac, NOTHING).whenComplete((done, fault) -> {
                if (fault == null && done) {
                    cleared(turn, former);
                }
            });
            all = all.thenCombine(cleared, Boolean::logicalAnd);
        }
        String owner = turn.owner;
        if (owner != null) {
            byte[] state = json.writeValueAsBytes(turn.state.forWire());
            // A disk that fails keeps nobody from being told.
            CompletionStage<Boolean> told =
                    noted(turn, owner).handle((_, _) -> state).thenCompose(payload -> retain(owner, turn.mac, payload));
            all = all.thenCombine(told, Boolean::logicalAnd);
        }
        all.whenComplete((done, fault) -> settle(turn, fault == null && done));
    }

    /// Before the broker has it: a tenant that was told and is not remembered would see the device online for ever
    /// after it was given to somebody else.
    private synchronized CompletionStage<@Nullable Void> noted(Turn turn, String owner) {
        if (turn.device.told.contains(owner)) {
            return CompletableFuture.completedStage(null);
        }
        turn.device.told = with(turn.device.told, owner);
        return file.told(turn.mac, owner);
    }

    private static Set<String> with(Set<String> tenants, String another) {
        Set<String> more = new HashSet<>(tenants);
        more.add(another);
        return Set.copyOf(more);
    }

    private synchronized void cleared(Turn turn, String tenant) {
        Set<String> left = new HashSet<>(turn.device.told);
        left.remove(tenant);
        turn.device.told = Set.copyOf(left);
        file.cleared(turn.mac, tenant);
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
        if (again) {
            enqueue(turn.mac, device);
        } else {
            forgetIfUntold(turn.mac, device);
        }
        if (!queue.isEmpty()) {
            timer.execute(this::publishQueued);
        }
    }

    /// A device that is gone is kept only if a tenant was told of it, whose topic may have to be cleared one day;
    /// so that what is kept is bounded by the devices that have owners.
    private void forgetIfUntold(Mac mac, Device device) {
        if (device.told.isEmpty() && !device.state.isOnline()) {
            devices.remove(mac);
            file.forgotten(mac);
        }
    }
}
