// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.upwell.app.config.PlainCause;
import org.upwell.field.SensorRunner;
import org.upwell.field.sensor.Firmware;
import org.upwell.field.sensor.Sensor;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/// Runs one sensor on a serial line.
@Command(name = "sensor", description = "Run a sensor on a serial line: temp by its period, ncmth1 that can alarm")
final class SensorCommand implements Callable<Integer> {
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
    public Integer call() throws InterruptedException {
        if (alarmEvery != null && alarmEvery.isZero()) {
            throw new ParameterException(spec.commandLine(), "--alarm-every must be longer than nothing");
        }
        try (SensorRunner runner = new SensorRunner(settings());
                ScheduledExecutorService alarms = Executors.newSingleThreadScheduledExecutor();
                SignalHook _ = SignalHook.closing(runner)) {
            if (alarmEvery != null) {
                long nanos = alarmEvery.toNanos();
                var _ = alarms.scheduleAtFixedRate(runner::raiseMethane, nanos, nanos, TimeUnit.NANOSECONDS);
            }
            spec.commandLine()
                    .getOut()
                    .println("sensor " + firmware.version() + " on "
                            + serial.link().text());
            runner.await();
            alarms.shutdownNow();
            // Only the line's end gets here, of which the runner has told: a signal ends the process.
            return CommandLineTool.FAILED;
        } catch (IOException e) {
            throw new CommandFailure("the sensor cannot start: " + PlainCause.of(e), e);
        }
    }

    private SensorRunner.Settings settings() {
        try {
            return new SensorRunner.Settings(
                    serial.link(), SensorRunner.Settings.KNOWN_TYPES, period, Sensor.Settings.of(firmware));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
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
