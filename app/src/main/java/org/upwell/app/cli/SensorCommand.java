// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.field.link.ByteLink;
import org.upwell.field.loop.LoopThread;
import org.upwell.field.sensor.Firmware;
import org.upwell.field.sensor.MethaneDriver;
import org.upwell.field.sensor.Sensor;
import org.upwell.field.sensor.TemperatureDriver;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/// Runs one sensor on a serial line.
@Command(name = "sensor", description = "Run a sensor on a serial line: temp by its period, ncmth1 that can alarm")
final class SensorCommand implements Callable<Integer> {
    private static final Logger log = LoggerFactory.getLogger(SensorCommand.class);

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private CommandSpec spec;

    @Mixin
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private SerialOptions serial;

    @Option(
            names = "--period",
            paramLabel = "TIME",
            defaultValue = "60s",
            description = "Between two temperatures, in whole seconds (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // has a default
    private Duration period;

    @Option(
            names = "--alarm-every",
            paramLabel = "TIME",
            description = "Raise a methane alarm again and again (default: never)")
    private @Nullable Duration alarmEvery;

    @Option(
            names = "--firmware",
            paramLabel = "VERSION",
            defaultValue = "1.4.8",
            converter = FirmwareConverter.class,
            description = "Which firmware it behaves like, 1.4.8 or 1.4.5 (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // has a default
    private Firmware firmware;

    @Override
    public Integer call() {
        Lifetime lifetime = new Lifetime();
        ByteLink link = serial.open();
        LoopThread loop = new LoopThread("sensor", e -> log.error("A task of the sensor failed", e));
        MethaneDriver methane = new MethaneDriver();
        Sensor sensor = new Sensor(
                Sensor.Settings.of(firmware), List.of(new TemperatureDriver(period, 0), methane), loop, link, cause -> {
                    spec.commandLine().getErr().println("upwell: the serial line has ended: " + cause.getMessage());
                    lifetime.end(CommandLineTool.FAILED);
                });
        sensor.start();
        if (alarmEvery != null) {
            alarm(loop, sensor, methane, alarmEvery);
        }
        spec.commandLine().getOut().println("sensor " + firmware.version() + " on " + serial);
        return lifetime.await(() -> {
            sensor.close();
            loop.close();
            link.close();
        });
    }

    private static void alarm(LoopThread loop, Sensor sensor, MethaneDriver methane, Duration every) {
        loop.after(every, () -> {
            sensor.run(methane::raise);
            alarm(loop, sensor, methane, every);
        });
    }

    /// Reads a firmware's version.
    static final class FirmwareConverter implements ITypeConverter<Firmware> {
        @Override
        public Firmware convert(String text) {
            try {
                return Firmware.of(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        }
    }
}
