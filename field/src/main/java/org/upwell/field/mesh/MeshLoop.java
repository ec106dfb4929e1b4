// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.field.chance.Chance;

/// The thread that owns some access points with their devices: their sockets, the air between, the weather, and the
/// time. Owned by itself; [#ask] and [#close] may be called from anywhere.
///
/// Whose is a datagram? An access point has one socket. Each NIC has an address of its own, of which the socket is
/// told with the datagram: the address's number modulo the number of devices is the NIC, and the quotient says
/// which of the NIC's addresses it is. Only the latest counts; whatever comes for an earlier one, or by the socket
/// of another access point, is lost, as it is in a mesh that has healed itself. Where there are fewer addresses
/// than devices, it is the same with the devices of one access point each.
final class MeshLoop implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(MeshLoop.class);
    private static final int MAX_RECEIVED_AT_ONCE = 256;
    private static final int REORDER_FACTOR = 3;
    private static final int REORDER_MILLIS = 100;

    /// A datagram on its way through the mesh.
    private record Flight(int tick, long order, int device, int generation, boolean up, byte[] peer, byte[] data)
            implements Comparable<Flight> {
        @Override
        public int compareTo(Flight other) {
            int byTick = Integer.compare(tick, other.tick);
            return byTick != 0 ? byTick : Long.compare(order, other.order);
        }
    }

    private record Task(int tick, long order, Runnable action) implements Comparable<Task> {
        @Override
        public int compareTo(Task other) {
            int byTick = Integer.compare(tick, other.tick);
            return byTick != 0 ? byTick : Long.compare(order, other.order);
        }
    }

    private final MeshField field;
    private final MeshField.Settings settings;
    private final Scenario scenario;
    private final int firstAccessPoint;
    private final int firstDevice;
    private final MeshCounters counters = new MeshCounters();
    private final List<PacketSocket> sockets = new ArrayList<>();
    private final int[] outages;
    private final PacketSocket.Poll poll;
    private final Nics nics;
    private final short[] generations;
    private final int[] airCounts;
    private final byte[] gateway;
    private final PriorityQueue<Flight> flights = new PriorityQueue<>();
    private final PriorityQueue<Task> tasks = new PriorityQueue<>();
    private final Queue<FutureTask<?>> wanted = new ConcurrentLinkedQueue<>();
    private final long startNanos;
    private long order;
    private int now;
    private int epochSeconds;
    private boolean quiet = true;
    private volatile boolean closed;
    private volatile boolean ended;
    private volatile boolean failed;

    /// @param first access point
    /// @param end access point, exclusive
    MeshLoop(MeshField field, int first, int end, MeshListener listener, long startNanos) throws IOException {
        this.field = field;
        this.settings = field.settings();
        this.scenario = settings.scenario();
        this.firstAccessPoint = first;
        this.firstDevice = settings.firstDeviceOf(first);
        this.startNanos = startNanos;
        int count = settings.firstDeviceOf(end) - firstDevice;
        this.outages = new int[end - first];
        this.generations = new short[count];
        this.airCounts = new int[count];
        this.gateway = PacketSocket.socketAddress(settings.gateway());
        this.epochSeconds = field.epochSeconds();
        this.nics = new Nics(settings, firstDevice, count, new Up(), listener, counters);
        try {
            for (int point = first; point < end; point++) {
                int port = settings.firstPort() == 0 ? 0 : settings.firstPort() + point;
                sockets.add(PacketSocket.open(settings.addresses().isIpv6(), port));
            }
        } catch (IOException e) {
            sockets.forEach(PacketSocket::close);
            throw e;
        }
        this.poll = new PacketSocket.Poll(sockets);
        new WeatherPlan(this, scenario).schedule();
        nics.start();
    }

    /// What devices send to the gateway.
    private final class Up implements Nics.Link {
        @Override
        public void send(int device, byte[] datagram) {
            up(device, gateway, datagram);
        }

        @Override
        public void send(int device, byte[] peer, byte[] datagram) {
            up(device, peer, datagram);
        }

        @Override
        public int epochSeconds() {
            return epochSeconds;
        }
    }

    Nics nics() {
        return nics;
    }

    MeshCounters counters() {
        return counters;
    }

    int firstDevice() {
        return firstDevice;
    }

    int firstAccessPoint() {
        return firstAccessPoint;
    }

    int accessPoints() {
        return outages.length;
    }

    /// Answered on this thread soon; cancelled if that has ended.
    <T> Future<T> ask(Callable<T> question) {
        FutureTask<T> task = new FutureTask<>(question);
        wanted.add(task);
        if (ended) {
            cancelWanted();
        }
        return task;
    }

    private void cancelWanted() {
        for (FutureTask<?> task = wanted.poll(); task != null; task = wanted.poll()) {
            task.cancel(false);
        }
    }

    /// True if its devices are dead.
    boolean hasFailed() {
        return failed;
    }

    void close() {
        closed = true;
    }

    /// Runs on this thread at a tick; from this thread, or before it runs.
    void at(int tick, Runnable action) {
        tasks.add(new Task(tick, order++, action));
    }

    /// More outages than ends of them: the access point is dead.
    void outage(int accessPoint, int change) {
        outages[accessPoint - firstAccessPoint] += change;
    }

    /// Whether a device hangs on one of the access points.
    boolean isBehind(int device, int first, int last) {
        int point = settings.accessPointOf(firstDevice + device);
        return point >= first && point <= last;
    }

    /// Gives a device its next address.
    void move(int device) {
        long places = settings.addresses().count() / settings.addressStride();
        generations[device] = (short) ((generations[device] + 1) % Math.min(places, Short.MAX_VALUE));
        nics.onMoved(device);
    }

    /// The present address and port of a device; from this thread.
    byte[] address(int device) {
        return settings.addresses().address(addressNumber(device, generations[device]));
    }

    int port(int device) {
        return sockets.get(accessPoint(device)).port();
    }

    @Override
    public void run() {
        try {
            while (!closed) {
                long nanos = startNanos + (now + 1L) * Nics.TICK_MILLIS * 1_000_000 - System.nanoTime();
                if (poll.await((int) Math.max(0, (nanos + 999_999) / 1_000_000))) {
                    receive();
                }
                turn();
            }
        } catch (IOException | RuntimeException | Error e) {
            // Whoever asks must hear that nobody is here any more, whatever the reason.
            failed = true;
            LOG.error("a part of the field failed, its devices are dead", e);
        } finally {
            ended = true;
            cancelWanted();
            field.onQuiet();
            sockets.forEach(PacketSocket::close);
        }
    }

    private void turn() {
        for (FutureTask<?> task = wanted.poll(); task != null; task = wanted.poll()) {
            task.run();
        }
        int target = (int) ((System.nanoTime() - startNanos) / (Nics.TICK_MILLIS * 1_000_000L));
        epochSeconds = field.epochSeconds();
        while (now < target) {
            now++;
            for (Task task = tasks.peek(); task != null && task.tick() <= now; task = tasks.peek()) {
                tasks.poll().action().run();
            }
            nics.advance(now);
            for (Flight flight = flights.peek(); flight != null && flight.tick() <= now; flight = flights.peek()) {
                land(flights.poll());
            }
        }
        boolean quietNow =
                counters.readings.get() + counters.alerts.get() == counters.acknowledged.get() + counters.dropped.get();
        if (quietNow && !quiet) {
            field.onQuiet();
        }
        quiet = quietNow;
    }

    private void receive() throws IOException {
        for (int i = 0; i < sockets.size(); i++) {
            if (poll.isReady(i)) {
                receive(i);
            }
        }
    }

    private void receive(int accessPoint) throws IOException {
        PacketSocket socket = sockets.get(accessPoint);
        for (int i = 0; i < MAX_RECEIVED_AT_ONCE; i++) {
            int length = socket.receive();
            if (length < 0) {
                return;
            }
            long number = settings.addresses().number(socket.localAddress());
            int base = settings.firstAddressedDevice(firstAccessPoint + accessPoint) - firstDevice;
            long device = number < 0 ? -1 : number % settings.addressStride() + base;
            if (device < 0 || device >= generations.length) {
                continue;
            }
            int generation = (int) (number / settings.addressStride());
            if (accessPoint((int) device) == accessPoint) {
                fly((int) device, generation, false, socket.peer(), socket.data(length));
            }
        }
    }

    private void up(int device, byte[] peer, byte[] data) {
        fly(device, generations[device], true, peer, data);
    }

    private void fly(int device, int generation, boolean up, byte[] peer, byte[] data) {
        boolean own = hasOwnWan(device);
        if (!own && outages[accessPoint(device)] > 0) {
            counters.lostInTheAir.incrementAndGet();
            return;
        }
        Air air = own ? Air.CLEAR : scenario.air();
        int copies = happens(Chance.DUPLICATE, device, air.duplicates()) ? 2 : 1;
        for (int i = 0; i < copies; i++) {
            airCounts[device]++;
            if (happens(Chance.LOSS, device, air.loss())) {
                counters.lostInTheAir.incrementAndGet();
            } else {
                int tick = now + delayTicks(device, air);
                Flight flight = new Flight(tick, order++, device, generation, up, peer, data);
                if (tick == now) {
                    land(flight);
                } else {
                    flights.add(flight);
                }
            }
        }
    }

    private int delayTicks(int device, Air air) {
        double millis = air.perHop().toMillis() * (double) hops(device, air);
        millis *= 0.5 + chance(Chance.DELAY, device);
        if (happens(Chance.REORDER, device, air.reorders())) {
            millis = REORDER_FACTOR * millis + REORDER_MILLIS;
        }
        return (int) Math.round(millis / Nics.TICK_MILLIS);
    }

    private void land(Flight flight) {
        int device = flight.device();
        if (flight.up()) {
            // A device that has lost its power meanwhile has sent this before.
            sendUp(device, flight.generation(), flight.peer(), flight.data());
        } else if (flight.generation() == generations[device] && nics.hears(device)) {
            byte[] reply = nics.onDatagram(device, flight.peer(), flight.data());
            if (reply != null) {
                up(device, flight.peer(), reply);
            }
        }
    }

    private void sendUp(int device, int generation, byte[] peer, byte[] data) {
        byte[] local = settings.addresses().address(addressNumber(device, generation));
        try {
            sockets.get(accessPoint(device)).send(local, peer, data);
        } catch (IOException e) {
            LOG.debug("a datagram could not be sent", e);
        }
    }

    private long addressNumber(int device, int generation) {
        int base = settings.firstAddressedDevice(firstAccessPoint + accessPoint(device));
        return firstDevice + device - base + (long) generation * settings.addressStride();
    }

    /// Counted from this loop's first.
    private int accessPoint(int device) {
        return settings.accessPointOf(firstDevice + device) - firstAccessPoint;
    }

    private boolean hasOwnWan(int device) {
        return scenario.ownWan() > 0
                && Chance.of(scenario.seed(), Chance.OWN_WAN, firstDevice + device, 0) < scenario.ownWan();
    }

    private int hops(int device, Air air) {
        int choices = air.maxHops() - air.minHops() + 1;
        return air.minHops() + (int) (choices * Chance.of(scenario.seed(), Chance.HOPS, firstDevice + device, 0));
    }

    private boolean happens(int purpose, int device, double share) {
        return share > 0 && chance(purpose, device) < share;
    }

    private double chance(int purpose, int device) {
        return Chance.of(scenario.seed(), purpose, firstDevice + device, airCounts[device]);
    }
}
