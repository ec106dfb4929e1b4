// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.upwell.app.config.PlainCause;
import org.upwell.app.demo.Demo;
import org.upwell.app.demo.DemoSettings;
import org.upwell.app.process.Children;
import org.upwell.app.server.Parts;
import org.upwell.codec.QoS;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Runs the whole product on a simulated field, in one process if nothing is to be killed.
@Command(name = "demo", description = "Run server, gateway and a simulated field, and show what arrives")
final class DemoCommand implements Callable<Integer> {
    /// For a demo that is told to end: its start, what is on its way, and its orderly end.
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private CommandSpec spec;

    @Option(
            names = "--devices",
            paramLabel = "N",
            defaultValue = "" + DemoSettings.DEFAULT_DEVICES,
            description = "Simulated devices (default: ${DEFAULT-VALUE})")
    private int devices;

    @Option(
            names = "--tenants",
            paramLabel = "N",
            defaultValue = "" + DemoSettings.DEFAULT_TENANTS,
            description = "Tenants who share the devices (default: ${DEFAULT-VALUE})")
    private int tenants;

    @Option(
            names = "--period",
            paramLabel = "TIME",
            description = "Between two readings of a device, in whole seconds (default: 10s; longer for large fields)")
    private @Nullable Duration period;

    @Option(
            names = "--for",
            paramLabel = "TIME",
            description = "End after this time, print a summary, and fail if anything was lost (default: go on)")
    private @Nullable Duration length;

    @Option(
            names = "--data-directory",
            paramLabel = "DIR",
            description = "Keep tenants, keys and certificates there (default: a temporary directory)")
    private @Nullable Path dataDirectory;

    @Option(
            names = "--any-ports",
            description = "Take free ports, also where the standard ones are free, to run beside another server")
    private boolean anyPorts;

    @Option(
            names = "--qos",
            paramLabel = "QOS",
            description = "Of the bridge, AT_LEAST_ONCE or EXACTLY_ONCE (default: the first; in weather the second)")
    private @Nullable QoS qos;

    @Option(
            names = "--weather",
            description = "Lose 5 %% of the datagrams, move NICs to other addresses, have access points out at times,"
                    + " and kill broker and gateway, each in a process of its own")
    private boolean weather;

    @Override
    public Integer call() throws InterruptedException {
        DemoSettings settings = settings();
        CountDownLatch end = new CountDownLatch(1);
        CompletableFuture<Integer> over = new CompletableFuture<>();
        // A signal ends the demo early, and then it is judged like any other; until then its processes are needed.
        try (Children.Stay _ = Children.stay();
                SignalHook _ = SignalHook.calling(() -> {
                    end.countDown();
                    try {
                        return over.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                    } finally {
                        Children.endAll();
                    }
                })) {
            int exitCode = run(settings, end) ? CommandLineTool.DONE : CommandLineTool.FAILED;
            over.complete(exitCode);
            return exitCode;
        } finally {
            over.complete(CommandLineTool.FAILED);
        }
    }

    private boolean run(DemoSettings settings, CountDownLatch end) throws InterruptedException {
        try (Parts parts = new Parts()) {
            return Demo.start(
                            settings, InstantSource.system(), spec.commandLine().getOut(), parts)
                    .run(end);
        } catch (IOException | IllegalArgumentException e) {
            throw new CommandFailure("the demo cannot start: " + PlainCause.of(e), e);
        }
    }

    /// What is killed does more to show with the stronger promise.
    private QoS usualQos() {
        return weather ? QoS.EXACTLY_ONCE : QoS.AT_LEAST_ONCE;
    }

    private DemoSettings settings() {
        try {
            return new DemoSettings(
                    devices,
                    tenants,
                    period == null ? DemoSettings.usualPeriod(devices) : period,
                    Optional.ofNullable(length),
                    Optional.ofNullable(dataDirectory),
                    anyPorts,
                    qos == null ? usualQos() : qos,
                    weather);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }
}
