// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.upwell.access.Mac;
import org.upwell.access.token.TokenService;
import org.upwell.app.config.InvalidConfigException;
import org.upwell.app.config.UpwellConfig;
import org.upwell.app.server.UpwellServer;
import org.upwell.client.ClientOptions;
import org.upwell.client.Credentials;
import org.upwell.client.MessageListener;
import org.upwell.client.MqttClient;
import org.upwell.codec.Properties;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.Subscribe;
import org.upwell.field.mesh.DelayHistogram;
import org.upwell.field.mesh.DeliveryLedger;
import org.upwell.field.mesh.MeshField;
import org.upwell.field.mesh.MeshReport;
import org.upwell.gateway.Gateway;
import org.upwell.gateway.bridge.NotificationId;
import org.upwell.load.Histogram;

/// A server with its gateway on a fresh directory, a field of NICs and a subscriber with a durable queue, all in
/// this process and all with real sockets; then so many notifications a second up, and as many requests down as the
/// answers allow. Used by one thread.
public final class GatewayBench {

    private static final String TENANT = "bench";
    private static final String LISTENER = "tcp";
    private static final int DEVICES_PER_ACCESS_POINT = 1_000;
    private static final long REGISTRATIONS_PER_SECOND = 2_000;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration LONG = Duration.ofDays(1);
    private static final int MAC_AT = (TENANT + "/read/").length();
    private static final int MAC_DIGITS = 16;

    /// What is measured, and how.
    ///
    /// @param qos of the bridge's messages
    /// @param rate notifications a second of all NICs; 0 leaves this part out
    /// @param inFlight requests under way of all applications; 0 leaves this part out
    /// @param applications with a session each
    /// @param warmUpSeconds before each part
    /// @param seconds of each part
    public record Settings(
            QoS qos, int devices, double rate, int inFlight, int applications, double warmUpSeconds, double seconds) {

        public Settings {
            if (devices < 1 || applications < 1 || inFlight < 0 || rate < 0 || seconds <= 0 || warmUpSeconds < 0) {
                throw new IllegalArgumentException(
                        "numbers of devices and applications and the time are positive, no number is negative");
            }
            if (rate > 10.0 * devices) {
                throw new IllegalArgumentException("10 notifications a second are the largest number for a NIC");
            }
        }
    }

    private final Settings settings;
    private final DeliveryLedger ledger;

    private GatewayBench(Settings settings) {
        this.settings = settings;
        this.ledger = new DeliveryLedger(settings.devices);
    }

    /// Runs it all; what it wrote is gone at the end.
    ///
    /// @throws IOException if the parts do not come up or together
    public static GatewayBenchReport run(Settings settings) throws IOException, InterruptedException {
        Path directory = ScratchDirectories.create();
        try {
            return new GatewayBench(settings).runIn(directory);
        } finally {
            ScratchDirectories.delete(directory);
        }
    }

    private GatewayBenchReport runIn(Path directory) throws IOException, InterruptedException {
        String text = String.format(Locale.ROOT, """
                durability: sync
                mqtt:
                  listeners:
                    - {name: %s, type: tcp, bind: 127.0.0.1, port: 0}
                http: {port: 0}
                https: {port: 0}
                gateway:
                  gateway_coap_mqtt_bridge_default_message_qos: %s
                  coap: {bind: 127.0.0.1, port: 0}
                  field: {bind: 127.0.0.1, port: 0, networks: [127.0.0.0/8]}
                data-directory: %s
                """, LISTENER, settings.qos, directory.resolve("data"));
        Path file = Files.writeString(directory.resolve("upwell.yaml"), text);
        try (UpwellServer server = UpwellServer.start(load(file), InstantSource.system())) {
            Gateway gateway = server.gateway().orElseThrow();
            String token = register(server);
            await("the gateway's connection to the broker", gateway::isConnected);
            ThreadTimes times = new ThreadTimes();
            MeshField.Settings field = fieldSettings(gateway.fieldAddresses().getFirst());
            try (MqttClient _ = subscribe(server.mqttAddress(LISTENER), token);
                    MeshField nics = MeshField.start(field, InstantSource.system(), ledger)) {
                await(
                        "the registration of all NICs",
                        PATIENCE.plus(start()),
                        () -> gateway.registeredDevices() == settings.devices);
                GatewayBenchReport.Part up = settings.rate > 0 ? notifications(nics, times) : null;
                nics.stopProducing();
                boolean flushed = nics.flush(PATIENCE);
                MeshReport sums = nics.report();
                if (settings.qos != QoS.AT_MOST_ONCE) {
                    await("the last delivery", () -> ledger.balance().delivered() >= sums.acknowledged());
                }
                GatewayBenchReport.Requests down = settings.inFlight > 0
                        ? requests(gateway.coapAddresses().getFirst(), token, field, times)
                        : null;
                long unacknowledged = (flushed ? 0 : sums.waiting()) + sums.dropped();
                return new GatewayBenchReport(settings, up, down, ledger.balance(), unacknowledged);
            }
        }
    }

    private static UpwellConfig load(Path file) throws IOException {
        try {
            return UpwellConfig.load(file);
        } catch (InvalidConfigException fault) {
            throw new IllegalStateException("the configuration of the measurement is wrong", fault);
        }
    }

    private String register(UpwellServer server) throws IOException {
        var directory = server.access().directory();
        directory.tenants().add(TENANT);
        List<Mac> macs = new ArrayList<>();
        for (int device = 0; device < settings.devices; device++) {
            macs.add(new Mac(MeshField.Settings.DEFAULT_FIRST_MAC + device));
        }
        directory.devices().addAll(macs, TENANT);
        var client = directory.tenants().addClient(TENANT, Set.of());
        return switch (server.access().tokens().exchange(client.clientId(), client.clientSecret())) {
            case TokenService.Exchange.Granted granted -> granted.token().token();
            case TokenService.Exchange.Refused refused -> throw new IOException("no token: " + refused.reason());
        };
    }

    private MeshField.Settings fieldSettings(InetSocketAddress gateway) {
        int points = Math.max(1, settings.devices / DEVICES_PER_ACCESS_POINT);
        Duration period = settings.rate > 0 ? Duration.ofNanos((long) (1e9 * settings.devices / settings.rate)) : LONG;
        long boot = InstantSource.system().instant().getEpochSecond();
        MeshField.Settings made = MeshField.Settings.of(gateway, settings.devices, points, period, boot);
        return made.withStart(start(), 1, 1_000);
    }

    /// How long the NICs take to begin, one after the other.
    private Duration start() {
        return Duration.ofMillis(1_000L * settings.devices / REGISTRATIONS_PER_SECOND);
    }

    private MqttClient subscribe(InetSocketAddress broker, String token) throws IOException, InterruptedException {
        MqttClient client =
                new MqttClient(ClientOptions.builder(broker.getAddress().getHostAddress(), broker.getPort())
                        .clientId("bench-subscriber")
                        .credentials(() -> CompletableFuture.completedFuture(Credentials.of("token", token)))
                        .cleanStart(false)
                        .sessionExpiry(Duration.ofHours(1))
                        .messageListener(MessageListener.of(this::onMessage))
                        .build());
        try {
            client.connect().toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            client.subscribe(List.of(new Subscribe.Request(TENANT + "/read/#", settings.qos)), Properties.NONE)
                    .toCompletableFuture()
                    .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            return client;
        } catch (ExecutionException | TimeoutException fault) {
            client.close();
            throw new IOException("the subscriber cannot subscribe: " + fault.getMessage(), fault);
        }
    }

    /// Topics are `tenant/read/mac/type`.
    private void onMessage(Publish message) {
        long mac = Long.parseUnsignedLong(message.topic(), MAC_AT, MAC_AT + MAC_DIGITS, 16);
        String number = message.properties().userProperty(NotificationId.SEQUENCE);
        if (number != null) {
            ledger.onDelivered(mac - MeshField.Settings.DEFAULT_FIRST_MAC, Long.parseLong(number));
        }
    }

    private GatewayBenchReport.Part notifications(MeshField nics, ThreadTimes times) throws InterruptedException {
        pause(settings.warmUpSeconds);
        Map<ThreadTimes.Part, Long> before = times.nanos();
        MeshReport first = nics.report();
        long began = System.nanoTime();
        pause(settings.seconds);
        MeshReport last = nics.report();
        double seconds = (System.nanoTime() - began) / 1e9;
        Map<ThreadTimes.Part, Long> after = times.nanos();
        long count = last.acknowledged() - first.acknowledged();
        DelayHistogram delays = last.delays().since(first.delays());
        return new GatewayBenchReport.Part(
                count,
                count / seconds,
                new GatewayBenchReport.Delays(delays.quantile(0.5), delays.quantile(0.99), delays.quantile(1)),
                ThreadTimes.microsEach(before, after, count));
    }

    private static void pause(double seconds) throws InterruptedException {
        var _ = new CountDownLatch(1).await((long) (seconds * 1e9), TimeUnit.NANOSECONDS);
    }

    private GatewayBenchReport.Requests requests(
            InetSocketAddress gateway, String token, MeshField.Settings field, ThreadTimes times)
            throws IOException, InterruptedException {
        List<String> targets = new ArrayList<>();
        for (int device = 0; device < settings.devices; device++) {
            targets.add("coap://SSN" + field.mac(device) + ".bench.example:4849/snsr/arduino/temp?sens");
        }
        List<Map<ThreadTimes.Part, Long>> moments = new ArrayList<>();
        try (GetLoad load = new GetLoad(targets)) {
            int sessions = Math.min(settings.applications, settings.inFlight);
            for (int i = 0; i < sessions; i++) {
                load.login(gateway, token, settings.inFlight / sessions);
            }
            GetLoad.Result result = onOwnThread(() -> {
                GetLoad.Result measured =
                        load.run(settings.warmUpSeconds, settings.seconds, () -> moments.add(times.nanos()));
                // Here, since the times of a thread that has ended are nobody's.
                moments.add(times.nanos());
                return measured;
            });
            Histogram delays = result.delaysNanos();
            GatewayBenchReport.Part answered = new GatewayBenchReport.Part(
                    result.answered(),
                    result.answered() / result.seconds(),
                    new GatewayBenchReport.Delays(
                            delays.percentile(50) / 1e6, delays.percentile(99) / 1e6, delays.max() / 1e6),
                    ThreadTimes.microsEach(moments.getFirst(), moments.getLast(), result.answered()));
            return new GatewayBenchReport.Requests(answered, result.refused() + result.unanswered());
        }
    }

    private static <T> T onOwnThread(Callable<T> work) throws IOException, InterruptedException {
        FutureTask<T> task = new FutureTask<>(work);
        Thread.ofPlatform().name(GetLoad.THREAD).daemon(true).start(task);
        try {
            return task.get();
        } catch (ExecutionException fault) {
            throw new IOException("the requests ended early", fault);
        }
    }

    private static void await(String what, Callable<Boolean> condition) throws IOException, InterruptedException {
        await(what, PATIENCE, condition);
    }

    private static void await(String what, Duration patience, Callable<Boolean> condition)
            throws IOException, InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        try {
            while (!condition.call()) {
                if (System.nanoTime() - deadline > 0) {
                    throw new IOException(what + " takes too long");
                }
                pause(0.02);
            }
        } catch (IOException | InterruptedException | RuntimeException fault) {
            throw fault;
        } catch (Exception fault) {
            throw new IllegalStateException(fault);
        }
    }
}
