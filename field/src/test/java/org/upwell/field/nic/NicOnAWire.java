// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.upwell.field.hdlc.HdlcPrimary;
import org.upwell.field.link.PipeLink;
import org.upwell.field.loop.ManualLoop;
import org.upwell.field.sensor.Firmware;
import org.upwell.field.sensor.MethaneDriver;
import org.upwell.field.sensor.Sensor;
import org.upwell.field.sensor.TemperatureDriver;

/// For tests: a NIC with a real sensor on a wire, in turned time and with the firmware's real pauses; the network
/// is a fake.
abstract class NicOnAWire {
    static final Instant START = Instant.ofEpochSecond(1_540_584_982L);
    static final Duration REAL_GAP = Duration.ofMillis(400);
    static final String TEMP = "/snsr/arduino/temp";
    static final String METHANE = "/snsr/arduino/ncmth1";

    final ManualLoop loop = new ManualLoop();
    final long startNanos = loop.nanoTime();
    final InstantSource clock = () -> START.plusNanos(loop.nanoTime() - startNanos);
    final PipeLink.Ends wire = PipeLink.create();
    final TappedLink tapped = new TappedLink(wire.nic());
    final MethaneDriver methane = new MethaneDriver();
    final FakeNetwork network = new FakeNetwork();
    final List<Notification> buffered = new ArrayList<>();
    final List<Notification> acknowledged = new ArrayList<>();
    final List<String> dropped = new ArrayList<>();
    int reboots;
    boolean diskFull;

    @Nullable
    Sensor sensor;

    /// A disk that may be full.
    final class Storage implements NicState {
        @Override
        public long nextBoot() {
            return 7;
        }

        @Override
        public NotificationBuffer buffer(int limit) {
            return new MemoryOnDisk(limit);
        }

        @Override
        public Optional<List<BubbleUpEntry>> table() {
            return keptTable;
        }

        @Override
        public void keepTable(List<BubbleUpEntry> rows) {
            if (diskFull) {
                throw new UncheckedIOException(new IOException("No space left on device"));
            }
            keptTable = Optional.of(rows);
        }
    }

    /// As [Storage], for the table.
    private Optional<List<BubbleUpEntry>> keptTable = Optional.empty();

    final class MemoryOnDisk implements NotificationBuffer {
        private final NotificationBuffer kept;

        MemoryOnDisk(int limit) {
            kept = new MemoryBuffer(limit);
        }

        @Override
        public @Nullable Notification add(Notification notification) {
            if (diskFull) {
                throw new UncheckedIOException(new IOException("No space left on device"));
            }
            return kept.add(notification);
        }

        @Override
        public @Nullable Notification first() {
            return kept.first();
        }

        @Override
        public void removeFirst() {
            kept.removeFirst();
        }

        @Override
        public int size() {
            return kept.size();
        }

        @Override
        public void close() {
            kept.close();
        }
    }

    final class Events implements NicListener {
        @Override
        public void onBuffered(Notification notification) {
            buffered.add(notification);
        }

        @Override
        public void onAcknowledged(Notification notification) {
            acknowledged.add(notification);
        }

        @Override
        public void onSensorReboot() {
            reboots++;
        }

        @Override
        public void onDropped(Notification notification, String cause) {
            dropped.add(notification.sequence() + " " + cause);
        }
    }

    Sensor sensor(Firmware firmware) {
        Sensor made = new Sensor(
                Sensor.Settings.of(firmware).withIdleGap(REAL_GAP),
                List.of(new TemperatureDriver(Duration.ofSeconds(60), 1), methane),
                loop,
                wire.sensor(),
                cause -> {});
        sensor = made;
        return made;
    }

    Nic nic(BubbleUpEntry... table) {
        InetSocketAddress anywhere = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        Nic.Settings settings = Nic.Settings.of("001350050047dd92", anywhere, anywhere, List.of(table))
                .withTiming(
                        new HdlcPrimary.Timing(Duration.ofSeconds(3), 3), Duration.ofSeconds(10), Duration.ofSeconds(2))
                .withBufferLimit(20);
        return new Nic(settings, nic -> network, loop, tapped, new Storage(), clock, new Events());
    }

    Nic started(BubbleUpEntry... table) {
        sensor(Firmware.V1_4_8).start();
        loop.advance(Duration.ofMillis(1));
        Nic nic = nic(table);
        start(nic);
        loop.run();
        return nic;
    }

    static void start(Nic nic) {
        try {
            nic.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Sensor sensor() {
        Sensor present = sensor;
        assertThat(present).isNotNull();
        return present;
    }
}
