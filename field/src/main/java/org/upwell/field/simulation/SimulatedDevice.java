// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.simulation;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.field.link.PipeLink;
import org.upwell.field.loop.Loop;
import org.upwell.field.nic.BubbleUpClass;
import org.upwell.field.nic.CoapRuntime;
import org.upwell.field.nic.Nic;
import org.upwell.field.nic.NicListener;
import org.upwell.field.nic.Notification;
import org.upwell.field.sensor.MethaneDriver;
import org.upwell.field.sensor.Sensor;
import org.upwell.field.sensor.TemperatureDriver;

/// One NIC and its sensor, joined by a wire in memory on which real HDLC bytes travel. Thread-safe.
final class SimulatedDevice {
    private static final Logger LOG = LoggerFactory.getLogger(SimulatedDevice.class);

    private final Nic nic;
    private final Sensor sensor;
    private final MethaneDriver methane = new MethaneDriver();
    private final AtomicLong reads = new AtomicLong();
    private final AtomicLong alerts = new AtomicLong();
    private final AtomicLong acknowledged = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    private final AtomicLong registrations = new AtomicLong();

    SimulatedDevice(SimulatedField field, CoapRuntime runtime, String mac, Loop loop) {
        SimulatedField.Settings settings = field.settings();
        PipeLink.Ends wire = PipeLink.create();
        TemperatureDriver temperature = new TemperatureDriver(settings.period(), Long.parseUnsignedLong(mac, 16));
        this.sensor = new Sensor(
                settings.sensor(),
                List.of(temperature, methane),
                loop,
                wire.sensor(),
                cause -> LOG.debug("{}: the wire has ended", mac));
        this.nic =
                new Nic(settings.nic(mac), runtime, loop, wire.nic(), field.state(), field.clock(), new Events(field));
    }

    private final class Events implements NicListener {
        private final SimulatedField field;

        Events(SimulatedField field) {
            this.field = field;
        }

        @Override
        public void onBuffered(Notification notification) {
            (notification.kind() == BubbleUpClass.READ ? reads : alerts).incrementAndGet();
            field.onSent(new SentNotification(
                    nic.mac(),
                    notification.kind(),
                    notification.uri(),
                    notification.boot(),
                    notification.sequence(),
                    notification.payload()));
        }

        @Override
        public void onAcknowledged(Notification notification) {
            acknowledged.incrementAndGet();
            field.onSettled();
        }

        @Override
        public void onDropped(Notification notification, String cause) {
            dropped.incrementAndGet();
            field.onSettled();
        }

        @Override
        public void onRegistered() {
            registrations.incrementAndGet();
        }
    }

    void start() throws IOException {
        sensor.start();
        nic.start();
    }

    void stopProducing() {
        sensor.powerOff();
    }

    void pushAlarm() {
        sensor.run(methane::raise);
    }

    void restartSensor() {
        sensor.restart();
    }

    InetSocketAddress address() {
        return nic.address();
    }

    void changeAddress(InetSocketAddress bind) throws IOException {
        nic.changeAddress(bind);
    }

    DeviceReport report() {
        return new DeviceReport(
                nic.mac(), reads.get(), alerts.get(), acknowledged.get(), dropped.get(), registrations.get());
    }

    void close() {
        nic.close();
        sensor.close();
    }
}
