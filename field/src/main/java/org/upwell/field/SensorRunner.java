// SPDX-License-Identifier: Apache-2.0
package org.upwell.field;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.field.link.ByteLink;
import org.upwell.field.loop.LoopThread;
import org.upwell.field.sensor.LnicDriver;
import org.upwell.field.sensor.MethaneDriver;
import org.upwell.field.sensor.Sensor;
import org.upwell.field.sensor.SensorDriver;
import org.upwell.field.sensor.TemperatureDriver;

/// A sensor alone on a link, for as long as the process lives or the link lasts. Thread-safe.
public final class SensorRunner implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SensorRunner.class);

    /// @param types `temp`, `ncmth1`, `lnic`, each at most once
    /// @param period of `temp` and `lnic`; the other speaks when something happens
    public record Settings(LinkAddress link, List<String> types, Duration period, Sensor.Settings sensor) {
        /// The types that can be simulated.
        public static final List<String> KNOWN_TYPES = List.of("temp", "ncmth1", "lnic");

        public Settings {
            types = List.copyOf(types);
            for (String type : types) {
                if (!KNOWN_TYPES.contains(type)) {
                    throw new IllegalArgumentException(
                            "sensor type '" + type + "' is unknown; known are " + String.join(", ", KNOWN_TYPES));
                }
            }
            if (period.isNegative() || period.toSeconds() != period.toMillis() / 1_000.0) {
                throw new IllegalArgumentException("the period must be whole seconds");
            }
        }
    }

    private final LoopThread loop =
            new LoopThread("sensor", e -> LOG.error("the sensor failed, its requests go unanswered", e));
    private final Sensor sensor;
    private final MethaneDriver methane = new MethaneDriver();
    private final CountDownLatch ended = new CountDownLatch(1);

    /// Opens the link and powers the sensor on.
    public SensorRunner(Settings settings) throws IOException {
        List<SensorDriver> drivers = new ArrayList<>();
        for (String type : settings.types()) {
            drivers.add(
                    switch (type) {
                        case "temp" -> new TemperatureDriver(settings.period(), 0);
                        case "lnic" -> new LnicDriver(settings.period());
                        default -> methane;
                    });
        }
        ByteLink link;
        try {
            link = settings.link().open();
        } catch (IOException e) {
            loop.close();
            throw e;
        }
        sensor = new Sensor(settings.sensor(), drivers, loop, link, this::onLinkFailure);
        sensor.start();
        LOG.info(
                "sensor with {} and firmware {} on {}",
                settings.types(),
                settings.sensor().firmware().version(),
                settings.link().text());
    }

    /// A measurement of the `ncmth1` sensor; past the threshold it is an alarm.
    public void measureMethane(double ppm) {
        sensor.run(() -> methane.measure(ppm));
    }

    /// An alarm of the `ncmth1` sensor, told again if there is one already.
    public void raiseMethane() {
        sensor.run(methane::raise);
    }

    /// Until the link ends or the runner is closed.
    public void await() throws InterruptedException {
        ended.await();
    }

    @Override
    public void close() {
        sensor.close();
        loop.close();
        ended.countDown();
    }

    private void onLinkFailure(IOException cause) {
        LOG.warn("the link to the NIC has ended: {}", cause.getMessage());
        ended.countDown();
    }
}
