// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.upwell.app.config.PlainCause;
import org.upwell.field.NicRunner;
import org.upwell.field.nic.BubbleUpEntry;
import org.upwell.field.nic.Nic;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/// Runs one NIC on a serial line.
@Command(name = "nic", description = "Run a NIC: HDLC to a sensor on a serial line, CoAP to the gateway")
final class NicCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private CommandSpec spec;

    @Mixin
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private SerialOptions serial;

    @Option(
            names = "--gateway",
            paramLabel = "HOST:PORT",
            required = true,
            converter = FieldConverter.class,
            description = "The gateway's listener for devices (its port if none is given: 5685)")
    @SuppressWarnings("NullAway.Init") // required
    private HostAndPort gateway;

    @Option(
            names = "--mac",
            paramLabel = "MAC",
            defaultValue = "0013500500000001",
            description = "The NIC's address, 16 hex digits (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // has a default
    private String mac;

    @Option(
            names = "--bind",
            paramLabel = "HOST:PORT",
            defaultValue = "0.0.0.0:4849",
            converter = BindConverter.class,
            description = "Where the NIC itself serves CoAP; port 0 takes any (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // has a default
    private HostAndPort bind;

    @Option(
            names = "--bubble-up",
            paramLabel = "ENTRY",
            converter = EntryConverter.class,
            defaultValue = "read:/snsr/arduino/temp",
            description =
                    "<read|alert>:<uri>[:mqtt|coap][:con|non][:push]; may be repeated (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // has a default
    private List<BubbleUpEntry> table;

    @Option(
            names = "--state-directory",
            paramLabel = "DIR",
            description = "Keeps the count of starts and what the gateway has not acknowledged (default: in memory)")
    private @Nullable Path stateDirectory;

    @Override
    public Integer call() throws InterruptedException {
        NicRunner.Settings settings = new NicRunner.Settings(
                serial.link(),
                Nic.Settings.of(mac(), gateway.resolve(), bind.resolve(), table),
                Optional.ofNullable(stateDirectory));
        try (NicRunner runner = new NicRunner(settings, InstantSource.system());
                SignalHook _ = SignalHook.closing(runner)) {
            Nic nic = runner.nic();
            spec.commandLine()
                    .getOut()
                    .println("NIC " + nic.mac() + " on " + serial.link().text() + ", CoAP on "
                            + HostAndPort.of(nic.address()) + ", gateway " + gateway);
            runner.await();
            // Only the line's end gets here, of which the runner has told: a signal ends the process.
            return CommandLineTool.FAILED;
        } catch (IOException e) {
            throw new CommandFailure("the NIC cannot start: " + PlainCause.of(e), e);
        }
    }

    private String mac() {
        String lowerCase = mac.toLowerCase(Locale.ROOT);
        if (!lowerCase.matches("[0-9a-f]{16}")) {
            throw new ParameterException(spec.commandLine(), "'" + mac + "' is not an address of 16 hex digits");
        }
        return lowerCase;
    }

    /// The gateway's field listener by default.
    static final class FieldConverter implements ITypeConverter<HostAndPort> {
        @Override
        public HostAndPort convert(String text) {
            return HostAndPort.parse(text, 5685);
        }
    }

    /// A NIC's own port by default.
    static final class BindConverter implements ITypeConverter<HostAndPort> {
        @Override
        public HostAndPort convert(String text) {
            return HostAndPort.parse(text, Nic.Settings.DEFAULT_PORT);
        }
    }

    /// Reads a row of the bubble-up table.
    static final class EntryConverter implements ITypeConverter<BubbleUpEntry> {
        @Override
        public BubbleUpEntry convert(String text) {
            try {
                return BubbleUpEntry.parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        }
    }
}
