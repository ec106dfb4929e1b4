// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.upwell.access.Mac;
import org.upwell.broker.access.Authentication;
import org.upwell.broker.access.Authenticator;
import org.upwell.broker.access.Credentials;
import org.upwell.broker.access.Principal;
import org.upwell.broker.access.RefusalCause;
import org.upwell.codec.QoS;
import org.upwell.gateway.coap.CoapTimes;
import org.upwell.gateway.event.GatewayEvent;
import org.upwell.gateway.proxy.ForwardProxy;
import org.upwell.gateway.session.Sessions;

/// A real gateway on loopback sockets, with a broker that acknowledges when told and times in milliseconds.
final class GatewayFixture implements AutoCloseable {

    static final String TENANT = "TN01";
    static final String OTHER_TENANT = "TN02";
    static final String MAC = "001350050047dd92";
    static final String OTHER_MAC = "001350050047dd93";
    static final String FOREIGN_MAC = "001350050047dd94";
    static final String UNOWNED_MAC = "001350050047dd95";

    /// Tokens that the authenticator takes.
    static final String TOKEN = "token-of-TN01";
    static final String OTHER_TOKEN = "token-of-TN02";

    /// Beyond the time that any test has; the library knows no longer one.
    static final Duration NEVER = Duration.ofMinutes(1);

    private static final Duration CONFIRM_AFTER = Duration.ofMinutes(15);

    /// Nothing is sent again or acknowledged on its own, however long a thread stands still on a busy machine: what
    /// the script does not say does not happen.
    static final CoapTimes TIMES = new CoapTimes(NEVER, 2, NEVER, 1_000, CONFIRM_AFTER);

    /// With what must come, on a machine that is busy with other things.
    static final Duration PATIENCE = Duration.ofSeconds(30);

    /// For tests in which a request gets its empty acknowledgement before its answer.
    static final CoapTimes PROMPT_ACKS = new CoapTimes(NEVER, 2, Duration.ofMillis(100), 1_000, CONFIRM_AFTER);

    /// For tests in which a message that is not acknowledged is sent again, twice, and then given up.
    static final CoapTimes RESENDING = new CoapTimes(Duration.ofMillis(300), 2, NEVER, 1_000, CONFIRM_AFTER);

    /// Below what Linux gives to whoever asks for any port.
    private static final int LOWEST_PORT = 12_000;
    private static final int HIGHEST_PORT = 32_000;
    /// One after the other from anywhere, so that none is given twice.
    private static final AtomicInteger NEXT_PORT =
            new AtomicInteger(ThreadLocalRandom.current().nextInt(HIGHEST_PORT));

    final ManualClock clock = new ManualClock();
    final Map<Mac, String> owners = new ConcurrentHashMap<>();
    final Map<String, FakeBrokerLink> links = new ConcurrentHashMap<>();
    final Set<String> disabledTenants = ConcurrentHashMap.newKeySet();
    /// Hears of each question whose a device is, before it is answered and on the thread that asks.
    volatile Consumer<Mac> ownerAsked = _ -> {};

    /// Tokens that are looked at only when these are complete.
    final Map<String, CompletableFuture<Void>> slowTokens = new ConcurrentHashMap<>();

    final Gateway gateway;
    private final Path directory;
    private final List<Peer> peers = new CopyOnWriteArrayList<>();

    /// How silent a device may be beyond Max-Age, in tests that let it be.
    static final Duration SILENCE = Duration.ofMillis(50);

    /// For tests that wait for its end, in which only non-confirmable requests are not answered.
    static final GatewayConfig.Patience SHORT_NON = patience(NEVER, Duration.ofMillis(600));

    /// The same with what was asked confirmably, and with registrations with devices.
    static final GatewayConfig.Patience SHORT_CON = patience(Duration.ofMillis(600), NEVER);

    static GatewayConfig.Patience patience(Duration confirmable, Duration nonConfirmable) {
        return new GatewayConfig.Patience(confirmable, nonConfirmable, GatewayConfig.Patience.DEFAULT.silence());
    }

    static GatewayConfig config() {
        return config(GatewayConfig.Patience.DEFAULT.silence());
    }

    static GatewayConfig config(Duration silence) {
        InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        return new GatewayConfig(
                new GatewayConfig.Listener(anyPort),
                new GatewayConfig.Field(
                        anyPort, List.of("127.0.0.1/32"), Duration.ofMinutes(15), Duration.ofMillis(20)),
                new GatewayConfig.Bridge(QoS.AT_LEAST_ONCE, 1, 1, NEVER),
                Sessions.Limits.DEFAULT,
                new GatewayConfig.Patience(NEVER, NEVER, silence),
                ForwardProxy.Limits.DEFAULT,
                TIMES,
                100,
                temporaryDirectory());
    }

    private static Path temporaryDirectory() {
        try {
            return Files.createTempDirectory("gateway-test");
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
    }

    GatewayFixture() {
        this(config());
    }

    GatewayFixture(GatewayConfig config) {
        this(config, _ -> {});
    }

    /// @param before what is to be otherwise when the gateway starts
    GatewayFixture(GatewayConfig config, Consumer<GatewayFixture> before) {
        directory = config.directory();
        owners.put(Mac.parse(MAC), TENANT);
        owners.put(Mac.parse(OTHER_MAC), TENANT);
        owners.put(Mac.parse(FOREIGN_MAC), OTHER_TENANT);
        before.accept(this);
        try {
            gateway = Gateway.start(
                    config,
                    new Logins(disabledTenants, slowTokens),
                    this::ownerOf,
                    (clientId, _) -> links.computeIfAbsent(clientId, FakeBrokerLink::new),
                    clock);
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
    }

    private Optional<String> ownerOf(Mac mac) {
        ownerAsked.accept(mac);
        return Optional.ofNullable(owners.get(mac));
    }

    /// Admits the tokens and the user above, but for tenants that are disabled.
    private record Logins(Set<String> disabledTenants, Map<String, CompletableFuture<Void>> slow)
            implements Authenticator {

        @Override
        public CompletionStage<Authentication> authenticate(Credentials credentials) {
            byte[] password = credentials.password();
            String secret = password == null ? "" : new String(password, StandardCharsets.UTF_8);
            return slow.getOrDefault(secret, CompletableFuture.completedFuture(null))
                    .thenApply(_ -> GatewayFixture.authenticate(credentials));
        }

        @Override
        public Optional<Principal> readmit(Principal principal) {
            return Optional.of(principal).filter(p -> !disabledTenants.contains(p.tenant()));
        }
    }

    private static Authentication authenticate(Credentials credentials) {
        byte[] password = credentials.password();
        String secret = password == null ? "" : new String(password, StandardCharsets.UTF_8);
        if (credentials.userName() != null) {
            return credentials.userName().equals("operator") && secret.equals("s3cret")
                    ? new Authentication.Admitted(Principal.of("ssni", "operator", Set.of("OPERATOR")))
                    : new Authentication.Refused(RefusalCause.BAD_CREDENTIALS, "wrong password");
        }
        // The rest of a long token is filling.
        if (secret.startsWith(TOKEN)) {
            return new Authentication.Admitted(Principal.of(TENANT, "app", Set.of("APPLICATION")));
        }
        if (secret.startsWith(OTHER_TOKEN)) {
            return new Authentication.Admitted(Principal.of(OTHER_TENANT, "app", Set.of("APPLICATION")));
        }
        return new Authentication.Refused(RefusalCause.BAD_CREDENTIALS, "bad token");
    }

    FakeBrokerLink link(String clientId) {
        return Objects.requireNonNull(links.get(clientId), clientId);
    }

    FakeBrokerLink bridge() {
        return link("gw-coap-mqtt-bridge-001");
    }

    FakeBrokerLink presence() {
        return link("gw-presence-00000000001");
    }

    long count(GatewayEvent event) {
        return gateway.counters().of(event);
    }

    /// A device side socket inside the field networks.
    Peer nic() {
        return keep(new Peer(gateway.fieldAddresses().getFirst()));
    }

    /// The same at a port of its own, perhaps of one that was there before.
    Peer nicAt(int port) {
        return keep(new Peer(gateway.fieldAddresses().getFirst(), InetAddress.ofLiteral("127.0.0.1"), port));
    }

    /// A port that stays free while nobody has it: none that the system gives to whoever asks for any, as other
    /// tests do at the same time.
    static int lastingPort() {
        IOException last = null;
        for (int tried = 0; tried < 100; tried++) {
            int port = LOWEST_PORT + Math.floorMod(NEXT_PORT.getAndIncrement(), HIGHEST_PORT - LOWEST_PORT);
            try (DatagramSocket _ = new DatagramSocket(port, InetAddress.getLoopbackAddress())) {
                return port;
            } catch (IOException fault) {
                last = fault;
            }
        }
        throw new AssertionError("no port is free", last);
    }

    /// One outside of them.
    Peer stranger() {
        return keep(new Peer(gateway.fieldAddresses().getFirst(), InetAddress.ofLiteral("127.0.0.2"), 0));
    }

    Peer application() {
        return keep(new Peer(gateway.coapAddresses().getFirst()));
    }

    /// An application with a session.
    Peer application(String token) {
        return login(application(), token);
    }

    /// The same at a port of its own, perhaps of one that was there before.
    Peer applicationAt(int port, String token) {
        return login(
                keep(new Peer(gateway.coapAddresses().getFirst(), InetAddress.ofLiteral("127.0.0.1"), port)), token);
    }

    private static Peer login(Peer peer, String token) {
        peer.send(Coap.con(Coap.POST, peer.nextMid(), "01")
                .path("sessions")
                .with(Coap.CONTENT_FORMAT, 0)
                .payload(token));
        // On a busy machine the empty acknowledgement comes first.
        Coap answer = peer.receiveMessage();
        if (answer.code() != Coap.CREATED) {
            throw new AssertionError("no session: " + answer);
        }
        return peer;
    }

    /// A registered device.
    Peer nic(String mac) {
        return register(nic(), mac, 1);
    }

    static Peer register(Peer peer, String mac, int boot) {
        Coap answer = peer.exchange(registration(peer.nextMid(), mac, boot));
        if (answer.code() != Coap.CHANGED) {
            throw new AssertionError("not registered: " + answer);
        }
        return peer;
    }

    /// An observe relation through a gateway that gives up before long: until the device was quick enough.
    ///
    /// @param request the application's, made anew each time
    /// @return the registration with the device
    static Coap establishInTime(Peer nic, Peer application, Supplier<Coap> request) {
        while (true) {
            application.send(request.get());
            Coap registration = nic.receive();
            // Not the rejection of an answer that came too late.
            while (registration.type() != Coap.CON) {
                registration = nic.receive();
            }
            nic.send(Coap.answer(registration, Coap.VALID).with(Coap.OBSERVE, 3));
            if (application.receiveMessage().has(Coap.OBSERVE)) {
                return registration;
            }
        }
    }

    /// Answers requests for a device with `payload` until one was answered before it is given up.
    ///
    /// @return what the application is told
    static Coap answerInTime(Peer nic, Peer application, Predicate<Coap> which, String payload) {
        List<Coap> told = new ArrayList<>();
        await().atMost(PATIENCE).until(() -> {
            nic.pending()
                    .filter(request -> request.type() == Coap.CON && which.test(request))
                    .ifPresent(request -> nic.send(Coap.answer(request, Coap.CONTENT)
                            .with(Coap.OBSERVE, 1)
                            .payload(payload)));
            application.pending().ifPresent(told::add);
            return !told.isEmpty();
        });
        return told.getFirst();
    }

    static Coap registration(int mid, String mac, int boot) {
        return Coap.con(Coap.POST, mid, "0a0b").path("nic").query("mac=" + mac, "boot=" + boot);
    }

    static Coap bubbleUp(int mid, String mac, int boot, int sequence) {
        return Coap.con(Coap.POST, mid, "c0ffee")
                .path("bubbleup", "read")
                .query("mac=" + mac, "uri=/arduino/temp?sens", "boot=" + boot, "seq=" + sequence)
                .payload("1540584982,72.50,F");
    }

    /// Closes it with the gateway.
    Peer keep(Peer peer) {
        peers.add(peer);
        return peer;
    }

    /// Ends the gateway, but keeps its files for another fixture with the same configuration.
    void stop() {
        new ArrayList<>(peers).forEach(Peer::close);
        gateway.close();
    }

    @Override
    public void close() {
        stop();
        if (Files.exists(directory)) {
            deleteFiles();
        }
    }

    private void deleteFiles() {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
    }
}
