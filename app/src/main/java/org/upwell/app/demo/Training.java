// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.demo;

import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.upwell.app.config.AccessConfig;
import org.upwell.app.config.AnonymousConfig;
import org.upwell.app.config.BindAddress;
import org.upwell.app.config.Durability;
import org.upwell.app.config.HttpConfig;
import org.upwell.app.config.HttpsConfig;
import org.upwell.app.config.ListenerConfig;
import org.upwell.app.config.ListenerType;
import org.upwell.app.config.MqttConfig;
import org.upwell.app.config.ObservationsConfig;
import org.upwell.app.config.StoreConfig;
import org.upwell.app.config.UpwellConfig;
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

/// The work on which a start-up cache is trained: the demo for a moment, which shows the JVM what a start needs,
/// then clients that connect, publish and subscribe in every way at full rate, which shows it what to compile
/// first. A server that starts with the cache is quick with its first thousand connections, not with its second.
public final class Training {

    private static final String TENANT = "training";
    private static final String LISTENER = "tcp";
    private static final int PAYLOAD_BYTES = 64;

    private final Duration each;

    /// @param each how long each kind of load lasts
    public Training(Duration each) {
        this.each = each;
    }

    /// Runs it all on free ports and a data directory of its own, and leaves nothing behind.
    ///
    /// @throws LoadException if a client was refused or cut off
    public List<LoadReport> run() throws IOException, InterruptedException, LoadException {
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
        try (Parts parts = new Parts()) {
            TemporaryDirectory directory = parts.add("data directory", TemporaryDirectory.create());
            UpwellServer server = parts.add("server", UpwellServer.start(config(directory), InstantSource.system()));
            return load(server.mqttAddress(LISTENER).getPort());
        }
    }

    private static UpwellConfig config(TemporaryDirectory directory) {
        ListenerConfig listener = new ListenerConfig(
                LISTENER,
                ListenerType.TCP,
                BindAddress.loopback(0),
                Optional.empty(),
                Optional.of(new AnonymousConfig(TENANT, Set.of("APPLICATION"))));
        return new UpwellConfig(
                directory.path(),
                Durability.SYNC,
                StoreConfig.small(),
                AccessConfig.defaults(),
                MqttConfig.of(List.of(listener)),
                new HttpConfig(BindAddress.loopback(0)),
                new HttpsConfig(BindAddress.loopback(0), Optional.empty()),
                ObservationsConfig.DEFAULT,
                Optional.empty());
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
        return List.of(
                new LoadPlan.Connections(300, true, false, Duration.ZERO, true),
                pairs(0, false, pace),
                pairs(1, false, pace),
                pairs(1, true, pace),
                pairs(2, true, pace),
                new LoadPlan.PubSub(Topology.SHARED, 4, false, senders(4, 1), pace),
                new LoadPlan.Offline(4, 500, senders(1, 1)),
                new LoadPlan.Retained(1_000, 1, senders(1, 1)));
    }

    private static LoadPlan pairs(int qos, boolean persistent, Pace pace) {
        return new LoadPlan.PubSub(Topology.PAIRS, 10, persistent, senders(10, qos), pace);
    }

    private static Senders senders(int publishers, int qos) {
        return new Senders(publishers, qos, PAYLOAD_BYTES, 50, 0);
    }
}
