// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.demo;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.upwell.app.file.TemporaryDirectory;
import org.upwell.app.server.Parts;
import org.upwell.codec.QoS;
import org.upwell.field.simulation.SimulatedField;

/// Server, gateway and a simulated field, and one subscriber per tenant that counts. Everything is real: HDLC bytes
/// between sensors and NICs, UDP to the gateway, MQTT from there to the broker, TLS and tokens to the subscribers.
/// Used by one thread; what it opens goes to the caller's parts, which any thread may close.
public final class Demo {
    private static final Duration ALARM_PERIOD = Duration.ofSeconds(5);
    /// For what NICs still have to send when the field has fallen silent.
    private static final Duration FLUSH = Duration.ofSeconds(30);

    /// The same when NICs may have to wait for their longest repeat first.
    private static final Duration FLUSH_AFTER_WEATHER = Duration.ofMinutes(2);

    private static final Duration LAST_DELIVERIES = Duration.ofSeconds(20);
    /// The same for both when somebody wants it to end now.
    private static final Duration SHORT_FLUSH = Duration.ofSeconds(5);

    /// In weather NICs must find the gateway again first, which may have been killed a moment ago.
    private static final Duration SHORT_FLUSH_AFTER_WEATHER = Duration.ofMinutes(1);

    private final DemoSettings settings;
    private final InstantSource clock;
    private final PrintWriter out;
    private final Parts parts;
    private final BackOffice backOffice;
    private final List<DemoTenant> tenants;
    private final Tally tally;
    private final LiveTable table;
    private final SimulatedField field;

    /// Starts everything; when this returns, devices have begun to send.
    ///
    /// @param parts takes what is opened, also when the start fails half-way
    public static Demo start(DemoSettings settings, InstantSource clock, PrintWriter out, Parts parts)
            throws IOException {
        return new Demo(settings, clock, out, parts);
    }

    private Demo(DemoSettings settings, InstantSource clock, PrintWriter out, Parts parts) throws IOException {
        this.settings = settings;
        this.clock = clock;
        this.out = out;
        this.parts = parts;
        this.backOffice = parts.add("back office", openBackOffice());
        this.tenants = DemoTenant.register(settings, backOffice.access());
        for (DemoTenant tenant : tenants) {
            parts.add("login of " + tenant.id(), () -> tenant.forgetClient(backOffice.access()));
        }
        backOffice.begin();
        this.tally = new Tally(owners(tenants));
        this.table = new LiveTable(out, clock, tally);
        subscribe();
        this.field = parts.add("field", startField());
    }

    private BackOffice openBackOffice() throws IOException {
        Path dataDirectory = settings.dataDirectory().isPresent()
                ? settings.dataDirectory().get()
                : parts.add("data directory", TemporaryDirectory.create("upwell-demo-"))
                        .path();
        FreePorts ports = new FreePorts(settings.anyPorts());
        return settings.weather()
                ? TwoProcesses.prepare(dataDirectory, ports, settings.qos(), clock)
                : OneProcess.start(dataDirectory, ports, settings.qos(), clock);
    }

    private static Map<String, String> owners(List<DemoTenant> tenants) {
        Map<String, String> owners = new HashMap<>();
        tenants.forEach(tenant -> tenant.macs().forEach(mac -> owners.put(mac, tenant.id())));
        return owners;
    }

    private void subscribe() {
        Subscriber.Receiver receiver = new Subscriber.Receiver(tally, table::arrived);
        for (DemoTenant tenant : tenants) {
            parts.add("subscriber", Subscriber.start(tenant, settings.qos(), backOffice, receiver));
        }
    }

    private SimulatedField startField() throws IOException {
        List<String> macs = SimulatedField.macs(1, settings.devices());
        // A later demo on the same directory must be known for one by its greater boot number.
        long boot = clock.instant().getEpochSecond();
        return SimulatedField.start(
                SimulatedField.Settings.of(backOffice.field(), macs, settings.period(), boot)
                        .withAccessPoints(settings.weather() ? DemoWeather.ACCESS_POINTS : 1),
                clock,
                sent -> tally.sent(new Tally.Key(sent.mac(), sent.sequence())));
    }

    /// Tells what there is, shows what arrives for as long as the settings say or until `end` is open, and judges.
    ///
    /// @return whether nothing was lost or went astray, and every device was heard; a demo without a length has no
    ///     time in which every device must be
    public boolean run(CountDownLatch end) throws InterruptedException {
        out.println("upwell ready");
        new Guide(
                        backOffice.mqttTls(),
                        backOffice.mqttTcp(),
                        backOffice.https(),
                        backOffice.http(),
                        backOffice.coap(),
                        backOffice.field(),
                        backOffice.authority())
                .print(tenants, out);
        Long deadline = settings.length()
                .map(length -> System.nanoTime() + length.toNanos())
                .orElse(null);
        Restarts restarts =
                backOffice instanceof TwoProcesses processes ? Restarts.begin(processes, settings, out) : null;
        try (ScheduledExecutorService alarms = Executors.newSingleThreadScheduledExecutor()) {
            var _ = alarms.scheduleAtFixedRate(
                    new Alarms(), ALARM_PERIOD.toMillis(), ALARM_PERIOD.toMillis(), TimeUnit.MILLISECONDS);
            if (settings.weather()) {
                var _ = alarms.scheduleAtFixedRate(
                        new DemoWeather(field, settings, out),
                        DemoWeather.STEP.toMillis(),
                        DemoWeather.STEP.toMillis(),
                        TimeUnit.MILLISECONDS);
            }
            table.printUntil(deadline, end);
            if (restarts != null && end.getCount() > 0) {
                restarts.await();
            }
            alarms.shutdownNow();
        } finally {
            if (restarts != null) {
                restarts.close();
            }
        }
        return judge(end.getCount() == 0);
    }

    /// Raises a methane alarm on one device after the other.
    private final class Alarms implements Runnable {
        private final List<String> macs = SimulatedField.macs(1, settings.devices());
        private int next;

        @Override
        public void run() {
            field.pushAlarm(macs.get(next++ % macs.size()));
        }
    }

    private Duration flushPatience(boolean atOnce) {
        if (settings.weather()) {
            return atOnce ? SHORT_FLUSH_AFTER_WEATHER : FLUSH_AFTER_WEATHER;
        }
        return atOnce ? SHORT_FLUSH : FLUSH;
    }

    private boolean judge(boolean atOnce) throws InterruptedException {
        field.stopProducing();
        if (settings.weather()) {
            // What was lost shall be found again; that it is lost is shown already.
            DemoWeather.clear(field);
        }
        boolean flushed = field.flush(flushPatience(atOnce));
        tally.awaitDelivery((atOnce ? SHORT_FLUSH : LAST_DELIVERIES).toNanos());
        Tally.Summary summary = tally.summary();
        if (!flushed) {
            out.println(field.buffered() + " messages were never acknowledged to their devices");
        }
        if (summary.astray() > 0) {
            out.println(summary.astray() + " messages reached a tenant who does not own the device");
        }
        boolean hasLength = settings.length().isPresent();
        if (hasLength && !summary.silent().isEmpty()) {
            out.println(summary.silent().size() + " devices of which no reading arrived, such as "
                    + summary.silent().iterator().next());
        }
        out.println(summary);
        boolean kept = hasLength ? summary.isKept() : summary.nothingLost();
        return kept && (settings.qos() != QoS.EXACTLY_ONCE || summary.duplicated() == 0);
    }
}
