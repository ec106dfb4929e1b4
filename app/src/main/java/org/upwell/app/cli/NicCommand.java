// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.field.link.ByteLink;
import org.upwell.field.loop.LoopThread;
import org.upwell.field.nic.BubbleUpEntry;
import org.upwell.field.nic.CoapRuntime;
import org.upwell.field.nic.FileState;
import org.upwell.field.nic.Nic;
import org.upwell.field.nic.NicListener;
import org.upwell.field.nic.NicState;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/// Runs one NIC on a serial line.
@Command(name = "nic", description = "Run a NIC: HDLC to a sensor on a serial line, CoAP to the gateway")
final class NicCommand implements Callable<Integer> {
    private static final Logger log = LoggerFactory.getLogger(NicCommand.class);

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
    public Integer call() {
        Lifetime lifetime = new Lifetime();
        NicState state = state();
        ByteLink link = serial.open();
        LoopThread loop = new LoopThread("nic", e -> log.error("A task of the NIC failed", e));
        try {
            CoapRuntime runtime = new CoapRuntime(1);
            Nic nic = new Nic(
                    Nic.Settings.of(SerialOptions.mac(spec, mac), gateway.resolve(), bind.resolve(), table),
                    runtime,
                    loop,
                    link,
                    state,
                    InstantSource.system(),
                    new Events(lifetime, spec.commandLine().getErr()));
            nic.start();
            spec.commandLine()
                    .getOut()
                    .println("NIC " + nic.mac() + " on " + serial + ", CoAP on " + HostAndPort.of(nic.address())
                            + ", gateway " + gateway);
            return lifetime.await(() -> {
                nic.close();
                loop.close();
                runtime.close();
                link.close();
            });
        } catch (IOException e) {
            throw new CommandFailure("the NIC cannot start on " + bind + ": " + e.getMessage(), e);
        }
    }

    /// Without a directory the count of starts is the time, which grows too.
    private NicState state() {
        if (stateDirectory == null) {
            return NicState.inMemory(InstantSource.system().instant().getEpochSecond());
        }
        try {
            return FileState.open(stateDirectory);
        } catch (IOException e) {
            throw new CommandFailure(stateDirectory + ": " + e, e);
        }
    }

    private record Events(Lifetime lifetime, PrintWriter err) implements NicListener {
        @Override
        public void onRegistered() {
            log.info("The gateway has registered the NIC");
        }

        @Override
        public void onSensorReboot() {
            log.info("The sensor has restarted");
        }

        @Override
        public void onLinkEnd(IOException cause) {
            err.println("upwell: the serial line has ended: " + cause.getMessage());
            lifetime.end(CommandLineTool.FAILED);
        }
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
