// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.upwell.app.config.InvalidConfigException;
import org.upwell.app.config.PlainCause;
import org.upwell.app.config.ScenarioFile;
import org.upwell.client.MessageListener;
import org.upwell.client.MqttClient;
import org.upwell.client.Reconnect;
import org.upwell.codec.Properties;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.Subscribe;
import org.upwell.field.mesh.AddressPlan;
import org.upwell.field.mesh.DelayHistogram;
import org.upwell.field.mesh.DeliveryLedger;
import org.upwell.field.mesh.MeshField;
import org.upwell.field.mesh.MeshListener;
import org.upwell.field.mesh.MeshReport;
import org.upwell.field.mesh.NetworkNamespace;
import org.upwell.field.mesh.Scenario;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/// Runs a whole field against a gateway, and with `--verify` compares what arrives at a subscriber with what
/// devices made.
@Command(
        name = "field",
        description = "Run many simulated NICs behind access points, in the weather of a scenario file")
final class FieldCommand implements Callable<Integer> {
    private static final Duration REPORT_PERIOD = Duration.ofSeconds(10);
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int DEVICES_PER_ACCESS_POINT = 1_000;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private CommandSpec spec;

    @Mixin
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private MqttOptions mqtt;

    @Option(
            names = "--gateway",
            paramLabel = "HOST:PORT",
            defaultValue = "127.0.0.1:5685",
            converter = NicCommand.FieldConverter.class,
            description = "The gateway's listener for devices (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // has a default
    private HostAndPort gateway;

    @Option(
            names = "--devices",
            paramLabel = "N",
            defaultValue = "1000",
            description = "NICs (default: ${DEFAULT-VALUE})")
    private int devices;

    @Option(
            names = "--access-points",
            paramLabel = "N",
            description =
                    "Among which they are dealt out, a socket each (default: one for a thousand NICs, or what their addresses"
                            + " ask for)")
    private @Nullable Integer accessPoints;

    @Option(
            names = "--period",
            paramLabel = "TIME",
            defaultValue = "15m",
            description = "Between two readings of a NIC on an even day (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // has a default
    private Duration period;

    @Option(
            names = "--start-over",
            paramLabel = "TIME",
            description = "NICs start evenly over this time (default: a second for a thousand)")
    private @Nullable Duration startOver;

    @Option(names = "--for", paramLabel = "TIME", description = "End after this time (default: go on)")
    private @Nullable Duration length;

    @Option(
            names = "--flush",
            paramLabel = "TIME",
            defaultValue = "60s",
            description = "At the end, wait this long for what is under way (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // has a default
    private Duration flush;

    @Option(names = "--scenario", paramLabel = "FILE", description = "The weather, as YAML (default: calm)")
    private @Nullable Path scenarioFile;

    @Option(
            names = "--first-mac",
            paramLabel = "MAC",
            defaultValue = "0013500500000001",
            description = "Of the first NIC, the others follow (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // has a default
    private String firstMac;

    @Option(
            names = "--addresses",
            paramLabel = "RANGE",
            converter = RangeConverter.class,
            description =
                    "Which NICs take, such as fd00:5eed::/64; all must be this host's (default: loopback, with --namespace"
                            + " fd00:5eed::/64)")
    private @Nullable AddressPlan addresses;

    @Option(
            names = "--namespace",
            description =
                    "Give the NICs a network namespace of their own, in which their IPv6 addresses are local, joined to this"
                            + " host by a veth pair; all of it goes with this command. Needs root, and --gateway with an"
                            + " IPv6 address of this host")
    private boolean namespace;

    @Option(
            names = "--first-port",
            paramLabel = "PORT",
            defaultValue = "0",
            description = "Of the first access point, the others follow (default: any)")
    private int firstPort;

    @Option(
            names = "--threads",
            paramLabel = "N",
            defaultValue = "1",
            description = "Among which access points are dealt out (default: ${DEFAULT-VALUE})")
    private int threads;

    @Option(
            names = "--buffer",
            paramLabel = "N",
            defaultValue = "200",
            description = "Notifications that a NIC keeps for the gateway (default: ${DEFAULT-VALUE})")
    private int buffer;

    @Option(
            names = "--verify",
            paramLabel = "FILTER",
            description = "Subscribe, and fail unless everything that devices made arrives; may be repeated")
    private @Nullable List<String> filters;

    @Option(names = "--list-macs", description = "Print the NICs' MACs for 'device add --tenant T @FILE', and end")
    private boolean listMacs;

    @Override
    public Integer call() throws InterruptedException {
        MeshField.Settings settings = settings();
        PrintWriter out = spec.commandLine().getOut();
        if (listMacs) {
            for (int device = 0; device < settings.devices(); device++) {
                out.println(settings.mac(device));
            }
            return CommandLineTool.DONE;
        }
        FieldTally tally = new FieldTally(settings, System::nanoTime);
        CountDownLatch end = new CountDownLatch(1);
        CountDownLatch over = new CountDownLatch(1);
        MqttClient client = filters == null ? null : subscribe(tally, filters);
        try (SignalHook _ = SignalHook.calling(() -> {
                    end.countDown();
                    boolean ended = over.await(flush.toSeconds() + PATIENCE.toSeconds(), TimeUnit.SECONDS);
                    return ended ? CommandLineTool.DONE : CommandLineTool.FAILED;
                });
                NetworkNamespace network = namespace ? openNamespace(settings) : null;
                MeshField field = start(settings, network, client == null ? new MeshListener() {} : tally)) {
            if (network != null) {
                out.println("network namespace with " + settings.addresses().prefix() + " behind " + network.link());
            }
            out.println("field of " + settings.devices() + " NICs behind " + settings.accessPoints()
                    + " access points, gateway " + gateway);
            serve(field, end, out);
            if (!field.isAlive()) {
                throw new CommandFailure("a part of the field has failed");
            }
            return judge(field, client == null ? null : tally, out);
        } catch (IOException e) {
            throw new CommandFailure("the field cannot start: " + PlainCause.of(e), e);
        } finally {
            over.countDown();
            if (client != null) {
                client.close();
            }
        }
    }

    private NetworkNamespace openNamespace(MeshField.Settings settings) throws IOException {
        try {
            return NetworkNamespace.open(
                    settings.addresses(), settings.gateway().getAddress());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    private static MeshField start(
            MeshField.Settings settings, @Nullable NetworkNamespace network, MeshListener listener) throws IOException {
        return network == null
                ? MeshField.start(settings, InstantSource.system(), listener)
                : network.call(() -> MeshField.start(settings, InstantSource.system(), listener));
    }

    private void serve(MeshField field, CountDownLatch end, PrintWriter out) throws InterruptedException {
        long left = length == null ? Long.MAX_VALUE : length.toNanos();
        long start = System.nanoTime();
        long acknowledged = 0;
        long last = start;
        boolean ended = false;
        while (!ended && field.isAlive() && System.nanoTime() - start < left) {
            long pause = Math.min(REPORT_PERIOD.toNanos(), left - (System.nanoTime() - start));
            ended = end.await(Math.max(0, pause), TimeUnit.NANOSECONDS);
            MeshReport report = field.report();
            long now = System.nanoTime();
            double rate = (report.acknowledged() - acknowledged) * 1e9 / (now - last);
            acknowledged = report.acknowledged();
            last = now;
            out.println(String.format(Locale.ROOT, "%s acknowledged/s=%.0f", line(report), rate));
            out.flush();
        }
    }

    private int judge(MeshField field, @Nullable FieldTally tally, PrintWriter out) throws InterruptedException {
        field.stopProducing();
        boolean flushed = field.flush(flush);
        MeshReport report = field.report();
        out.println(line(report));
        out.println("from NIC to acknowledgement: " + delays(report.delays()));
        if (!flushed) {
            out.println(report.waiting() + " notifications were never acknowledged to their NICs");
        }
        if (tally == null) {
            return flushed && report.dropped() == 0 ? CommandLineTool.DONE : CommandLineTool.FAILED;
        }
        awaitDelivery(tally);
        out.println("from NIC to subscriber: " + delays(tally.delays()));
        DeliveryLedger.Balance balance = tally.balance();
        out.println(balance);
        return balance.lost() == 0 && balance.dropped() == 0 ? CommandLineTool.DONE : CommandLineTool.FAILED;
    }

    /// What is acknowledged may still be on its way to the subscriber.
    private static void awaitDelivery(FieldTally tally) throws InterruptedException {
        CountDownLatch never = new CountDownLatch(1);
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (tally.balance().lost() > 0 && System.nanoTime() - deadline < 0) {
            if (never.await(100, TimeUnit.MILLISECONDS)) {
                return;
            }
        }
    }

    private MqttClient subscribe(FieldTally tally, List<String> wanted) {
        MqttClient client = new MqttClient(mqtt.client()
                .cleanStart(false)
                .sessionExpiry(Duration.ofHours(1))
                .reconnect(Reconnect.DEFAULT)
                .messageListener(MessageListener.of(tally::onMessage))
                .build());
        try {
            MqttOptions.connect(client);
            List<Subscribe.Request> requests = wanted.stream()
                    .map(filter -> new Subscribe.Request(filter, mqtt.qos()))
                    .toList();
            for (ReasonCode reason : MqttOptions.await(client.subscribe(requests, Properties.NONE), PATIENCE)
                    .reasons()) {
                if (reason.isError()) {
                    throw new CommandFailure("the broker refused a filter: " + reason);
                }
            }
            return client;
        } catch (RuntimeException e) {
            client.close();
            throw e;
        }
    }

    private static String line(MeshReport report) {
        return "registered=" + report.registered() + " readings=" + report.readings() + " alerts=" + report.alerts()
                + " acknowledged=" + report.acknowledged() + " waiting=" + report.waiting() + " dropped="
                + report.dropped() + " lost-in-the-air=" + report.lostInTheAir();
    }

    private static String delays(DelayHistogram delays) {
        return "p50=" + delays.quantile(0.5) + "ms p99=" + delays.quantile(0.99) + "ms max=" + delays.quantile(1)
                + "ms of " + delays.count();
    }

    private MeshField.Settings settings() {
        if (!firstMac.matches("[0-9a-fA-F]{16}")) {
            throw new ParameterException(spec.commandLine(), "'" + firstMac + "' is not an address of 16 hex digits");
        }
        InetSocketAddress listener = gateway.resolve();
        if (namespace && !(listener.getAddress() instanceof Inet6Address)) {
            throw new ParameterException(
                    spec.commandLine(), "--namespace needs --gateway with an IPv6 address of this host");
        }
        AddressPlan plan =
                addresses != null ? addresses : namespace ? AddressPlan.NAMESPACE : AddressPlan.loopback(listener);
        int points = accessPoints == null
                ? Math.max(
                        MeshField.Settings.leastAccessPoints(devices, plan),
                        Math.max(1, devices / DEVICES_PER_ACCESS_POINT))
                : accessPoints;
        try {
            return new MeshField.Settings(
                    listener,
                    devices,
                    points,
                    Long.parseUnsignedLong(firstMac, 16),
                    period,
                    scenario(Math.max(1, points)),
                    plan,
                    firstPort,
                    startOver == null ? Duration.ofMillis(devices) : startOver,
                    threads,
                    buffer,
                    InstantSource.system().instant().getEpochSecond());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    private Scenario scenario(int points) {
        if (scenarioFile == null) {
            return Scenario.calm(1);
        }
        try {
            return ScenarioFile.load(scenarioFile, points);
        } catch (InvalidConfigException e) {
            throw new CommandFailure("the scenario is not understood\n" + e.getMessage(), e);
        } catch (IOException e) {
            throw new CommandFailure(PlainCause.of(e), e);
        }
    }

    /// Reads a range of addresses.
    static final class RangeConverter implements ITypeConverter<AddressPlan> {
        @Override
        public AddressPlan convert(String text) {
            try {
                return AddressPlan.parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        }
    }
}
