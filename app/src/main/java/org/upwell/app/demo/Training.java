// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.demo;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.upwell.app.config.InvalidConfigException;
import org.upwell.app.config.UpwellConfig;
import org.upwell.app.file.TemporaryDirectory;
import org.upwell.app.server.Parts;
import org.upwell.app.server.UpwellServer;
import org.upwell.codec.QoS;
import org.upwell.load.Load;
import org.upwell.load.LoadException;
import org.upwell.load.LoadPlan;
import org.upwell.load.LoadReport;
import org.upwell.load.LoadSettings;
import org.upwell.load.LoadTarget;
import org.upwell.load.Pace;
import org.upwell.load.Senders;
import org.upwell.load.Topology;

/// The work on which start-up caches are trained. One for `server`: a start from a configuration file, then clients
/// that connect, publish and subscribe in every way at full rate, which shows the JVM what to compile first, so
/// that a server is quick with its first thousand connections, not with its second. And one for what has a gateway:
/// the demo for a moment. They are two since a JVM loads all that a cache holds before it begins: with the
/// gateway's libraries in it a server would start a fifth later.
public final class Training {

    private static final String TENANT = "training";
    private static final String LISTENER = "tcp";
    private static final int PAYLOAD_BYTES = 64;

    private static final String CONFIGURATION = """
            data-directory: $directory
            durability: sync
            store: {segment-size: 4MB}
            mqtt:
              listeners:
                - {name: $listener, type: tcp, port: 0, anonymous: {tenant: $tenant, roles: [APPLICATION]}}
            http: {port: 0}
            https: {port: 0}
            """;

    /// Of connections at a time, each of which takes two of the process's files.
    private static final int CONNECTIONS = 250;

    /// One round of connections, each made twice, for every such part of the time that the other kinds of load get:
    /// some 40,000 with a second for those.
    private static final Duration ROUND_OF_CONNECTIONS = Duration.ofMillis(12);

    private final Duration each;

    /// @param each how long each kind of load lasts, but connections, whose number follows from it
    public Training(Duration each) {
        this.each = each;
    }

    /// Runs a server under load, on free ports and a data directory of its own, and leaves nothing behind.
    ///
    /// @throws LoadException if a client was refused or cut off
    public List<LoadReport> server() throws IOException, InterruptedException, LoadException {
        try (Parts parts = new Parts()) {
            Path directory = parts.add("data directory", TemporaryDirectory.create("upwell-demo-"))
                    .path();
            UpwellServer server =
                    parts.add("server", UpwellServer.start(configuration(directory), InstantSource.system()));
            return load(server.mqttAddress(LISTENER).getPort());
        }
    }

    /// Read from a file, as a start does.
    private static UpwellConfig configuration(Path directory) throws IOException {
        Path file = Files.writeString(
                directory.resolve("upwell.yaml"),
                CONFIGURATION
                        .replace("$directory", directory.toString())
                        .replace("$listener", LISTENER)
                        .replace("$tenant", TENANT));
        try {
            return UpwellConfig.load(file);
        } catch (InvalidConfigException e) {
            throw new IllegalStateException("the training's own configuration is wrong", e);
        }
    }

    /// Runs the demo for a moment, on free ports and a data directory of its own, and leaves nothing behind.
    public void demo() throws IOException, InterruptedException {
        DemoSettings settings = new DemoSettings(
                2,
                2,
                Duration.ofSeconds(1),
                Optional.of(Duration.ofSeconds(1)),
                Optional.empty(),
                true,
                QoS.AT_LEAST_ONCE,
                false);
        try (Parts parts = new Parts()) {
            Demo.start(settings, InstantSource.system(), new PrintWriter(PrintWriter.nullWriter()), parts)
                    .run(new CountDownLatch(1));
        }
    }

    private List<LoadReport> load(int port) throws InterruptedException, LoadException {
        LoadTarget target = LoadTarget.local(port);
        LoadSettings settings =
                new LoadSettings(TENANT + "/app", List.of(), null, false, LoadSettings.DEFAULTS.phase());
        List<LoadReport> reports = new ArrayList<>();
        for (LoadPlan plan : plans()) {
            reports.add(Load.run(target, plan, settings, _ -> {}));
        }
        return reports;
    }

    private List<LoadPlan> plans() {
        Pace pace = new Pace(0, true, Duration.ZERO, each);
        List<LoadPlan> plans = new ArrayList<>(List.of(
                pairs(0, false, pace),
                pairs(1, false, pace),
                pairs(1, true, pace),
                pairs(2, true, pace),
                new LoadPlan.PubSub(Topology.SHARED, 4, false, senders(4, 1), pace),
                new LoadPlan.Offline(10, 1_000, senders(1, 1)),
                new LoadPlan.Retained(1_000, 1, senders(1, 1))));
        // Only what ran often enough to be compiled by both compilers is kept as worth that. Last, since a machine may
        // run out of ports, which would end the training.
        for (long round = 0; round < Math.max(1, each.dividedBy(ROUND_OF_CONNECTIONS)); round++) {
            plans.add(new LoadPlan.Connections(CONNECTIONS, true, false, Duration.ZERO, true));
        }
        return plans;
    }

    private static LoadPlan pairs(int qos, boolean persistent, Pace pace) {
        return new LoadPlan.PubSub(Topology.PAIRS, 10, persistent, senders(10, qos), pace);
    }

    private static Senders senders(int publishers, int qos) {
        return new Senders(publishers, qos, PAYLOAD_BYTES, 50, 0);
    }
}
