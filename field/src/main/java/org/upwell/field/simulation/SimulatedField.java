// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.simulation;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.field.chance.Chance;
import org.upwell.field.hdlc.HdlcPrimary;
import org.upwell.field.loop.LoopThread;
import org.upwell.field.nic.BubbleUpEntry;
import org.upwell.field.nic.CoapRuntime;
import org.upwell.field.nic.Nic;
import org.upwell.field.nic.NicState;
import org.upwell.field.sensor.Firmware;
import org.upwell.field.sensor.Sensor;

/// Many NICs with their sensors in one process: real HDLC bytes between the two, real UDP to the gateway, each NIC
/// on a socket of its own. Every device has a `temp` sensor that reads by its period and an `ncmth1` sensor that
/// alarms when told to. Thread-safe.
///
/// Devices share a few loops and one CoAP runtime; nothing here grows with the number of devices but their own
/// state.
public final class SimulatedField implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SimulatedField.class);
    private static final Duration IDLE_GAP = Duration.ofMillis(2);
    private static final HdlcPrimary.Timing TIMING = new HdlcPrimary.Timing(Duration.ofSeconds(2), 3);
    private static final Duration POLL_INTERVAL = Duration.ofSeconds(30);
    private static final Duration REGISTRATION_SPREAD = Duration.ofMillis(20);

    /// @param gateway the gateway's field listener
    /// @param macs one device each, 16 lower-case hex digits
    /// @param period of the temperature readings, whole seconds
    /// @param bind address of the NICs' sockets; each takes a free port
    /// @param startSpread devices start evenly over this time
    /// @param loops threads that own the devices
    /// @param bootNumber told by every NIC; must grow when a field with the same MACs starts again
    /// @param accessPoints among which the devices are dealt out, for weather
    public record Settings(
            InetSocketAddress gateway,
            List<String> macs,
            Duration period,
            InetAddress bind,
            Firmware firmware,
            Duration startSpread,
            int loops,
            long bootNumber,
            int accessPoints) {
        public Settings {
            macs = List.copyOf(macs);
            if (period.toSeconds() < 1) {
                throw new IllegalArgumentException("the period must be at least one second");
            }
            if (loops < 1) {
                throw new IllegalArgumentException("at least one loop is needed");
            }
            if (accessPoints < 1) {
                throw new IllegalArgumentException("at least one access point is needed");
            }
        }

        /// On the loopback address, started over one period (at most five seconds).
        public static Settings of(InetSocketAddress gateway, List<String> macs, Duration period, long bootNumber) {
            Duration longest = Duration.ofSeconds(5);
            return new Settings(
                    gateway,
                    macs,
                    period,
                    InetAddress.getLoopbackAddress(),
                    Firmware.V1_4_8,
                    period.compareTo(longest) < 0 ? period : longest,
                    2,
                    bootNumber,
                    1);
        }

        public Settings withAccessPoints(int count) {
            return new Settings(gateway, macs, period, bind, firmware, startSpread, loops, bootNumber, count);
        }

        Sensor.Settings sensor() {
            return Sensor.Settings.of(firmware).withIdleGap(IDLE_GAP);
        }

        Nic.Settings nic(String mac) {
            List<BubbleUpEntry> table =
                    List.of(BubbleUpEntry.read("/snsr/arduino/temp"), BubbleUpEntry.alert("/snsr/arduino/ncmth1"));
            return Nic.Settings.of(mac, gateway, new InetSocketAddress(bind, 0), table)
                    .withTiming(TIMING, POLL_INTERVAL, REGISTRATION_SPREAD);
        }
    }

    private final Settings settings;
    private final InstantSource clock;
    private final Consumer<SentNotification> onSent;
    /// One for each access point.
    private final List<CoapRuntime> runtimes = new ArrayList<>();
    private final AtomicLong datagrams = new AtomicLong();
    private final List<LoopThread> loops = new ArrayList<>();
    private final Map<String, SimulatedDevice> devices = new LinkedHashMap<>();
    private final AtomicLong unsettled = new AtomicLong();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition settled = lock.newCondition();

    private SimulatedField(Settings settings, InstantSource clock, Consumer<SentNotification> onSent)
            throws IOException {
        this.settings = settings;
        this.clock = clock;
        this.onSent = onSent;
        int threads = settings.accessPoints() == 1 ? 2 : 1;
        for (int i = 0; i < settings.accessPoints(); i++) {
            runtimes.add(new CoapRuntime(threads));
        }
        for (int i = 0; i < settings.loops(); i++) {
            loops.add(new LoopThread("field-" + i, e -> LOG.error("a simulated device failed at one task", e)));
        }
        for (String mac : settings.macs()) {
            LoopThread loop = loops.get(devices.size() % loops.size());
            CoapRuntime runtime = runtimes.get(devices.size() % runtimes.size());
            devices.put(mac, new SimulatedDevice(this, runtime, mac, loop));
        }
    }

    /// Starts every device; they speak within the start spread.
    ///
    /// @param clock real time, which NICs give their sensors
    /// @param onSent told of each distinct notification before it first leaves; must not block
    public static SimulatedField start(Settings settings, InstantSource clock, Consumer<SentNotification> onSent)
            throws IOException {
        SimulatedField field = new SimulatedField(settings, clock, onSent);
        field.startDevices();
        return field;
    }

    /// MACs that look like real ones, counted from `first`.
    public static List<String> macs(int first, int count) {
        List<String> macs = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            macs.add(String.format(Locale.ROOT, "0013500500%06x", first + i));
        }
        return List.copyOf(macs);
    }

    /// One report per device, in the order of the MACs.
    public List<DeviceReport> reports() {
        return devices.values().stream().map(SimulatedDevice::report).toList();
    }

    /// Distinct notifications that devices have begun to send.
    public long sent() {
        return reports().stream().mapToLong(DeviceReport::sent).sum();
    }

    /// Of these, what the gateway has acknowledged.
    public long acknowledged() {
        return reports().stream().mapToLong(DeviceReport::acknowledged).sum();
    }

    /// Of these, what still waits for the gateway.
    public long buffered() {
        return unsettled.get();
    }

    /// Where the NIC of a device serves CoAP now.
    public InetSocketAddress address(String mac) {
        return device(mac).address();
    }

    /// Raises a methane alarm. As on a real sensor it is lost when another message waits there at this moment.
    public void pushAlarm(String mac) {
        device(mac).pushAlarm();
    }

    /// Powers a sensor off and on.
    public void restartSensor(String mac) {
        device(mac).restartSensor();
    }

    /// Gives a NIC another port, as if the mesh had healed itself.
    public void changeAddress(String mac) throws IOException {
        device(mac).changeAddress(new InetSocketAddress(settings.bind(), 0));
    }

    /// Loses a share of the datagrams behind an access point, either way; at 1 the access point is out, as its
    /// devices do not know.
    ///
    /// @param accessPoint counted from 0; devices are dealt out in turn
    /// @param seed which datagram is lost follows from it and the datagram's number
    public void loss(int accessPoint, double share, long seed) {
        runtimes.get(accessPoint)
                .air(() -> Chance.of(seed, Chance.LOSS, accessPoint, datagrams.incrementAndGet()) >= share);
    }

    /// Powers every sensor off. When this returns nothing new will be sent, though much may still be under way.
    public void stopProducing() throws InterruptedException {
        devices.values().forEach(SimulatedDevice::stopProducing);
        // The last answers of the sensors may still be on their way to the NICs' loops: twice round.
        for (int round = 0; round < 2; round++) {
            CountDownLatch passed = new CountDownLatch(loops.size());
            loops.forEach(loop -> loop.execute(passed::countDown));
            passed.await();
        }
    }

    /// Waits until everything is acknowledged; false when the time is over before.
    public boolean flush(Duration atMost) throws InterruptedException {
        long nanos = atMost.toNanos();
        lock.lock();
        try {
            while (unsettled.get() > 0 && nanos > 0) {
                nanos = settled.awaitNanos(nanos);
            }
            return unsettled.get() <= 0;
        } finally {
            lock.unlock();
        }
    }

    /// Ends at once; call [#stopProducing()] and [#flush] before to lose nothing.
    @Override
    public void close() {
        devices.values().forEach(SimulatedDevice::close);
        loops.forEach(LoopThread::close);
        runtimes.forEach(CoapRuntime::close);
    }

    Settings settings() {
        return settings;
    }

    InstantSource clock() {
        return clock;
    }

    NicState state() {
        return NicState.inMemory(settings.bootNumber());
    }

    void onSent(SentNotification notification) {
        unsettled.incrementAndGet();
        onSent.accept(notification);
    }

    void onSettled() {
        if (unsettled.decrementAndGet() == 0) {
            lock.lock();
            try {
                settled.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    private void startDevices() {
        long gapNanos = settings.startSpread().toNanos() / Math.max(1, devices.size());
        int index = 0;
        for (SimulatedDevice device : devices.values()) {
            LoopThread loop = loops.get(index % loops.size());
            Duration delay = Duration.ofNanos(gapNanos * index);
            loop.execute(() -> loop.after(delay, () -> start(device)));
            index++;
        }
    }

    private static void start(SimulatedDevice device) {
        try {
            device.start();
        } catch (IOException e) {
            LOG.error("a simulated NIC cannot open its socket", e);
        }
    }

    private SimulatedDevice device(String mac) {
        SimulatedDevice device = devices.get(mac);
        if (device == null) {
            throw new IllegalArgumentException("no simulated device " + mac);
        }
        return device;
    }
}
