// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/// Very many NICs behind access points in one process, with real UDP to the gateway, each NIC on an address of its
/// own. What stands behind a NIC is not simulated here: readings are made by the NIC itself, without UART and
/// sensor ([org.upwell.field.simulation.SimulatedField] has those, for thousands). Needs 64-bit Linux. Thread-safe.
public final class MeshField implements AutoCloseable {
    /// @param gateway the gateway's field listener
    /// @param accessPoints devices are dealt out to them in equal runs
    /// @param firstMac of the first device; the others follow
    /// @param period of readings, on an even day
    /// @param addresses of the NICs; a device has as many as there are, divided by the devices. Where there are
    ///     fewer addresses than devices, each access point deals them out anew: there the port tells devices apart
    /// @param firstPort of the first access point, the others follow; 0: any
    /// @param startSpread devices start evenly over this time
    /// @param threads that own the access points
    /// @param bufferLimit notifications that a NIC keeps for the gateway
    /// @param bootNumber told by every NIC; must grow when a field with the same MACs starts again
    public record Settings(
            InetSocketAddress gateway,
            int devices,
            int accessPoints,
            long firstMac,
            Duration period,
            Scenario scenario,
            AddressPlan addresses,
            int firstPort,
            Duration startSpread,
            int threads,
            int bufferLimit,
            long bootNumber) {
        /// MACs that look like real ones.
        public static final long DEFAULT_FIRST_MAC = 0x0013_5005_0000_0001L;

        private static final int DEFAULT_BUFFER_LIMIT = 200;
        private static final int STARTS_PER_SECOND = 1_000;

        public Settings {
            checkAddresses(gateway, addresses);
            if (devices < 1) {
                throw new IllegalArgumentException("a field has 1 device at least");
            }
            if (accessPoints < 1 || accessPoints > devices) {
                throw new IllegalArgumentException("a field has at least one access point and a device for each");
            }
            if (mostBehindOne(devices, accessPoints) > addresses.count()) {
                throw new IllegalArgumentException("there are addresses for " + addresses.count()
                        + " devices behind each access point, and not for "
                        + mostBehindOne(devices, accessPoints));
            }
            if (firstPort < 0 || firstPort + (firstPort == 0 ? 0 : accessPoints) > 65_536) {
                throw new IllegalArgumentException("there are not so many ports");
            }
            if (period.toMillis() < 100 || period.compareTo(Duration.ofDays(30)) > 0) {
                throw new IllegalArgumentException("the period goes from a tenth of a second to 30 days");
            }
            checkRoom(threads, bufferLimit);
        }

        private static void checkAddresses(InetSocketAddress gateway, AddressPlan addresses) {
            if (gateway.isUnresolved()) {
                throw new IllegalArgumentException("gateway host '" + gateway.getHostString() + "' has no address");
            }
            if (gateway.getAddress().getAddress().length != addresses.first().getAddress().length) {
                throw new IllegalArgumentException("the gateway and the NICs must both have IPv4 or IPv6 addresses");
            }
        }

        private static void checkRoom(int threads, int bufferLimit) {
            if (threads < 1 || bufferLimit < 1) {
                throw new IllegalArgumentException("at least one thread and room for one notification are needed");
            }
        }

        /// The least access points behind which all devices find an address.
        public static int leastAccessPoints(int devices, AddressPlan addresses) {
            return (int) Math.ceilDiv(Math.max(1, devices), addresses.count());
        }

        private static int mostBehindOne(int devices, int accessPoints) {
            return Math.ceilDiv(devices, accessPoints);
        }

        /// On loopback addresses of the gateway's family, a thousand starts a second.
        public static Settings of(
                InetSocketAddress gateway, int devices, int accessPoints, Duration period, long bootNumber) {
            return new Settings(
                    gateway,
                    devices,
                    accessPoints,
                    DEFAULT_FIRST_MAC,
                    period,
                    Scenario.calm(1),
                    AddressPlan.loopback(gateway),
                    0,
                    Duration.ofMillis(devices * 1_000L / STARTS_PER_SECOND),
                    1,
                    DEFAULT_BUFFER_LIMIT,
                    bootNumber);
        }

        public Settings withScenario(Scenario other) {
            return new Settings(
                    gateway,
                    devices,
                    accessPoints,
                    firstMac,
                    period,
                    other,
                    addresses,
                    firstPort,
                    startSpread,
                    threads,
                    bufferLimit,
                    bootNumber);
        }

        /// @param spread devices start evenly over this time
        public Settings withStart(Duration spread, int loops, int buffer) {
            return new Settings(
                    gateway,
                    devices,
                    accessPoints,
                    firstMac,
                    period,
                    scenario,
                    addresses,
                    firstPort,
                    spread,
                    loops,
                    buffer,
                    bootNumber);
        }

        public String mac(int device) {
            return Telemetry.mac(firstMac + device);
        }

        /// Which device has this MAC; outside 0 to `devices` none of them.
        public long device(long mac) {
            return mac - firstMac;
        }

        /// How many addresses there are between two of a device.
        int addressStride() {
            return isDealtOutOnce() ? devices : mostBehindOne(devices, accessPoints);
        }

        /// The first device among those that the addresses of an access point are counted from.
        int firstAddressedDevice(int accessPoint) {
            return isDealtOutOnce() ? 0 : firstDeviceOf(accessPoint);
        }

        private boolean isDealtOutOnce() {
            return devices <= addresses.count();
        }

        int firstDeviceOf(int accessPoint) {
            return (int) ((long) accessPoint * devices / accessPoints);
        }

        int accessPointOf(int device) {
            return (int) (((device + 1L) * accessPoints - 1) / devices);
        }
    }

    private final Settings settings;
    private final InstantSource clock;
    private final List<MeshLoop> loops = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition quiet = lock.newCondition();

    private MeshField(Settings settings, InstantSource clock, MeshListener listener) throws IOException {
        this.settings = settings;
        this.clock = clock;
        long start = System.nanoTime();
        int count = Math.min(settings.threads(), settings.accessPoints());
        try {
            for (int i = 0; i < count; i++) {
                int first = (int) ((long) i * settings.accessPoints() / count);
                int end = (int) ((i + 1L) * settings.accessPoints() / count);
                loops.add(new MeshLoop(this, first, end, listener, start));
            }
        } finally {
            for (MeshLoop loop : loops) {
                // Also after a failure: the loop closes what it opened.
                threads.add(
                        Thread.ofPlatform().daemon().name("mesh-", loops.size()).start(loop));
            }
            if (loops.size() < count) {
                close();
            }
        }
    }

    /// Starts every device; they speak within the start spread.
    public static MeshField start(Settings settings, InstantSource clock, MeshListener listener) throws IOException {
        return new MeshField(settings, clock, listener);
    }

    public MeshReport report() {
        DelayHistogram delays = new DelayHistogram();
        loops.forEach(loop -> delays.addAll(loop.counters().delays));
        // What ends is read before what begins, so that nothing seems to end before it began.
        long acknowledged = sum(counters -> counters.acknowledged.get());
        long dropped = sum(counters -> counters.dropped.get());
        return new MeshReport(
                settings.devices(),
                sum(counters -> counters.registered.get()),
                sum(counters -> counters.readings.get()),
                sum(counters -> counters.alerts.get()),
                acknowledged,
                dropped,
                sum(counters -> counters.lostInTheAir.get()),
                delays);
    }

    /// Where a NIC can be reached now.
    public InetSocketAddress address(int device) throws InterruptedException {
        return on(device, loop -> {
            try {
                InetAddress address = InetAddress.getByAddress(loop.address(device - loop.firstDevice()));
                return new InetSocketAddress(address, loop.port(device - loop.firstDevice()));
            } catch (UnknownHostException e) {
                throw new IllegalStateException("an address has the wrong length", e);
            }
        });
    }

    /// Gives a NIC another address, as if the mesh had healed itself.
    public void changeAddress(int device) throws InterruptedException {
        on(device, loop -> {
            loop.move(device - loop.firstDevice());
            return true;
        });
    }

    /// False once a part of the field has failed; its devices are dead.
    public boolean isAlive() {
        return loops.stream().noneMatch(MeshLoop::hasFailed);
    }

    /// When this returns nothing new will be made, though much may still be under way.
    public void stopProducing() throws InterruptedException {
        List<Future<Boolean>> stopped = new ArrayList<>();
        for (MeshLoop loop : loops) {
            stopped.add(loop.ask(() -> {
                loop.nics().stopProducing();
                return true;
            }));
        }
        for (Future<Boolean> each : stopped) {
            // The dead make nothing.
            var _ = answer(each);
        }
    }

    /// Empty from a loop that has ended.
    private static <T> Optional<T> answer(Future<T> asked) throws InterruptedException {
        try {
            return Optional.of(asked.get());
        } catch (CancellationException _) {
            return Optional.empty();
        } catch (ExecutionException e) {
            throw new IllegalStateException("a part of the field could not answer", e.getCause());
        }
    }

    /// Waits until everything is acknowledged; false when the time is over before, or part of the field has failed.
    public boolean flush(Duration atMost) throws InterruptedException {
        long nanos = atMost.toNanos();
        lock.lock();
        try {
            while (report().waiting() > 0 && nanos > 0 && isAlive()) {
                nanos = quiet.awaitNanos(nanos);
            }
            return report().waiting() <= 0;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        loops.forEach(MeshLoop::close);
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    Settings settings() {
        return settings;
    }

    int epochSeconds() {
        return (int) clock.instant().getEpochSecond();
    }

    /// The devices of one loop have nothing to send.
    void onQuiet() {
        lock.lock();
        try {
            quiet.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private <T> T on(int device, Function<MeshLoop, T> question) throws InterruptedException {
        for (MeshLoop loop : loops) {
            int own = device - loop.firstDevice();
            if (own >= 0 && own < loop.nics().count()) {
                return answer(loop.ask(() -> question.apply(loop)))
                        .orElseThrow(() -> new IllegalStateException("device " + device + " is dead"));
            }
        }
        throw new IllegalArgumentException("no device " + device + " in this field");
    }

    private long sum(ToLongFunction<MeshCounters> value) {
        return loops.stream()
                .mapToLong(loop -> value.applyAsLong(loop.counters()))
                .sum();
    }
}
