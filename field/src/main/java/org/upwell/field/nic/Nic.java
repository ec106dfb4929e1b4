// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.field.coap.CoapCode;
import org.upwell.field.coap.CoapFormatException;
import org.upwell.field.coap.CoapMessage;
import org.upwell.field.coap.CoapOption;
import org.upwell.field.hdlc.HdlcPrimary;
import org.upwell.field.link.ByteLink;
import org.upwell.field.loop.Loop;

/// One NIC ("Milli"): HDLC primary towards its sensor, CoAP server and client towards the network. Owned by its
/// loop; public methods may be called from anywhere.
///
/// Bringing the sensor up is always the same, at the NIC's own start and after the sensor told of a restart:
/// collect, set the time, then register every observation. The time comes first because a forward jump makes every
/// period due.
public final class Nic implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Nic.class);
    private static final String REBOOT_PATH = "/sys/snsr";
    private static final String REBOOT_QUERY = "ev=rbt";
    private static final Duration DEFAULT_POLL_INTERVAL = Duration.ofSeconds(10);
    private static final Duration DEFAULT_SPREAD = Duration.ofSeconds(2);
    private static final Duration OBSERVER_GRACE = Duration.ofSeconds(2);
    private static final int FIRST_MESSAGE_ID = 1;
    private static final Duration SHORTEST_BACKOFF = Duration.ofSeconds(1);
    private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(8);
    private static final Duration LONGEST_REGISTRATION_BACKOFF = Duration.ofSeconds(30);

    /// @param mac 16 lower-case hex digits
    /// @param gateway the gateway's field listener
    /// @param bind where the NIC's own socket is bound; port 0 picks one
    /// @param pollInterval how often the sensor is asked without a wake pulse
    /// @param registrationSpread least time between two registrations on the sensor
    /// @param bufferLimit notifications kept for the gateway
    public record Settings(
            String mac,
            InetSocketAddress gateway,
            InetSocketAddress bind,
            List<BubbleUpEntry> table,
            HdlcPrimary.Timing hdlc,
            Duration pollInterval,
            Duration registrationSpread,
            int bufferLimit) {
        /// The port under which the network knows a NIC.
        public static final int DEFAULT_PORT = 4849;

        public static final int DEFAULT_BUFFER_LIMIT = 10_000;

        public Settings {
            if (!mac.matches("[0-9a-f]{16}")) {
                throw new IllegalArgumentException("mac '" + mac + "' is not 16 lower-case hex digits");
            }
            if (gateway.isUnresolved()) {
                throw new IllegalArgumentException("gateway host '" + gateway.getHostString() + "' has no address");
            }
            table = List.copyOf(table);
        }

        public static Settings of(
                String mac, InetSocketAddress gateway, InetSocketAddress bind, List<BubbleUpEntry> table) {
            return new Settings(
                    mac,
                    gateway,
                    bind,
                    table,
                    HdlcPrimary.Timing.DEFAULT,
                    DEFAULT_POLL_INTERVAL,
                    DEFAULT_SPREAD,
                    DEFAULT_BUFFER_LIMIT);
        }

        /// For simulation: a sensor that answers fast.
        public Settings withTiming(HdlcPrimary.Timing timing, Duration poll, Duration spread) {
            return new Settings(mac, gateway, bind, table, timing, poll, spread, bufferLimit);
        }

        public Settings withBufferLimit(int limit) {
            return new Settings(mac, gateway, bind, table, hdlc, pollInterval, registrationSpread, limit);
        }
    }

    /// A request for the sensor from the network.
    ///
    /// @param optionNumbers all options of the request, for the rules
    record Proxied(SensorClient.Request request, List<Integer> optionNumbers) {}

    private final Settings settings;
    private final Loop loop;
    private final NicListener listener;
    private final InstantSource clock;
    private final long boot;
    private final OwnResources own;
    private final NetworkSide network;
    private final SensorLine line;
    private final SensorClient sensor;
    private final Observations observations;
    private final OwnObservers ownObservers;
    private final Registration registration;
    private final Forwarder forwarder;
    private final NicState state;
    /// Replaced on the loop, read by any thread.
    private volatile Map<String, BubbleUpEntry> table;

    /// Of the NIC's own resources in the table, by URI.
    private final Map<String, Loop.Timer> ownTimers = new HashMap<>();

    private long sequence;
    private boolean bringUpWanted = true;
    private boolean bringingUp;
    private boolean closed;

    /// @param clock real time, for the sensor's clock and `/time`
    public Nic(
            Settings settings,
            CoapRuntime runtime,
            Loop loop,
            ByteLink link,
            NicState state,
            InstantSource clock,
            NicListener listener) {
        this(
                settings,
                nic -> new NicEndpoint(nic, runtime, loop, settings.gateway()),
                loop,
                link,
                state,
                clock,
                listener);
    }

    /// For any network side.
    Nic(
            Settings settings,
            Function<Nic, NetworkSide> network,
            Loop loop,
            ByteLink link,
            NicState state,
            InstantSource clock,
            NicListener listener) {
        this.settings = settings;
        this.loop = loop;
        this.listener = listener;
        this.clock = clock;
        this.boot = state.nextBoot();
        this.own = new OwnResources(clock);
        this.network = network.apply(this);
        this.line = new SensorLine(loop, link, settings.hdlc(), settings.pollInterval(), new LineEvents());
        this.sensor = new SensorClient(line, FIRST_MESSAGE_ID);
        this.observations = new Observations(loop, sensor, settings.registrationSpread());
        List<String> identity = List.of("mac=" + settings.mac(), "boot=" + boot);
        this.registration = new Registration(
                loop,
                this.network,
                identity,
                new Backoff(SHORTEST_BACKOFF, LONGEST_REGISTRATION_BACKOFF),
                this::onRegistered);
        this.forwarder = new Forwarder(
                loop,
                this.network,
                state.buffer(settings.bufferLimit()),
                settings.mac(),
                new Backoff(SHORTEST_BACKOFF, LONGEST_BACKOFF),
                listener,
                registration::register);
        this.state = state;
        this.table = byUri(state.table().orElse(settings.table()));
        this.ownObservers =
                new OwnObservers(loop, this::ownPeriod, this.network::isOwnObserved, this::notifyOwnObservers);
    }

    private final class LineEvents implements SensorLine.Listener {
        @Override
        public void onMessage(byte[] message) {
            onSensorMessage(message);
        }

        @Override
        public void onCollected(boolean reachable) {
            if (reachable) {
                bringUp();
            } else {
                observations.onUnreachable();
            }
        }

        @Override
        public void onLinkEnd(IOException cause) {
            LOG.debug("{}: the link to the sensor has ended", settings.mac(), cause);
            listener.onLinkEnd(cause);
        }
    }

    /// Opens the socket, registers and begins to talk to the sensor.
    ///
    /// @throws IOException when the socket cannot be opened
    public void start() throws IOException {
        network.open(settings.bind());
        loop.execute(() -> {
            registration.register();
            for (BubbleUpEntry entry : table.values()) {
                begin(entry);
            }
            line.start();
        });
    }

    public String mac() {
        return settings.mac();
    }

    public long boot() {
        return boot;
    }

    /// Where the NIC can be reached now.
    public InetSocketAddress address() {
        return network.address();
    }

    /// The mesh has healed itself: the NIC has a new address and tells the gateway. Observers of the old one are
    /// gone.
    ///
    /// @throws IOException when the new address cannot be bound; the old one stays
    public void changeAddress(InetSocketAddress bind) throws IOException {
        network.open(bind);
        loop.execute(() -> {
            forwarder.hold();
            registration.register();
        });
    }

    /// Registers again now; for hosts that notice a change of address themselves.
    public void registerAgain() {
        loop.execute(registration::register);
    }

    /// Mains power has gone or come back; told at once if the table says so.
    public void mainsPower(boolean on) {
        own.mainsPower(on);
        loop.execute(() -> tellOwn("/power"));
    }

    /// Observers are told of a change; the gateway by the table's period only.
    public void batteryPercent(int percent) {
        if (own.batteryPercent(percent)) {
            loop.execute(() -> ownObservers.onChange("/battery"));
        }
    }

    /// As [#batteryPercent].
    public void signalDbm(int dbm) {
        if (own.signalDbm(dbm)) {
            loop.execute(() -> ownObservers.onChange("/signal"));
        }
    }

    /// Stops at once; what the gateway has not acknowledged stays in the buffer, if that lasts.
    @Override
    public void close() {
        loop.execute(() -> {
            closed = true;
            registration.close();
            observations.close();
            ownObservers.close();
            line.close();
            forwarder.close();
        });
        network.close();
    }

    OwnResources own() {
        return own;
    }

    /// How often a resource of the NIC's own is told to those who want it.
    Duration ownPeriod(String path) {
        BubbleUpEntry entry = table.get(path);
        return entry == null ? BubbleUpEntry.DEFAULT_OWN_PERIOD : entry.ownPeriod();
    }

    /// A network observer of a resource of the NIC's own has come.
    void ownObserved(String path) {
        loop.execute(() -> {
            // What is in the table is told by its period anyway.
            if (!table.containsKey(path)) {
                ownObservers.onObserved(path);
            }
        });
    }

    /// The bubble-up table, a row a line.
    String tableText() {
        return table.values().stream().map(entry -> entry.text() + "\n").collect(Collectors.joining());
    }

    /// Takes another bubble-up table, which lasts. What was noticed before is told by the old one.
    ///
    /// @param done told on the loop whether it could be kept
    void changeTable(List<BubbleUpEntry> rows, Consumer<Boolean> done) {
        loop.execute(() -> {
            try {
                state.keepTable(rows);
            } catch (UncheckedIOException e) {
                LOG.warn("{}: {}", settings.mac(), e.getMessage(), e);
                done.accept(false);
                return;
            }
            Map<String, BubbleUpEntry> before = table;
            table = byUri(rows);
            before.values().stream()
                    .filter(entry -> !table.containsKey(entry.uri()))
                    .forEach(this::end);
            for (BubbleUpEntry entry : rows) {
                if (!entry.equals(before.get(entry.uri()))) {
                    begin(entry);
                }
            }
            done.accept(true);
        });
    }

    private static Map<String, BubbleUpEntry> byUri(List<BubbleUpEntry> rows) {
        Map<String, BubbleUpEntry> byUri = new LinkedHashMap<>();
        rows.forEach(entry -> byUri.put(entry.uri(), entry));
        return byUri;
    }

    private void begin(BubbleUpEntry entry) {
        if (entry.isSensor()) {
            observations.want(entry.sensorPath(), entry.pushOnly());
        } else {
            scheduleOwn(entry);
        }
    }

    private void end(BubbleUpEntry entry) {
        if (entry.isSensor()) {
            observations.unwant(entry.sensorPath());
            return;
        }
        Loop.Timer timer = ownTimers.remove(entry.uri());
        if (timer != null) {
            timer.cancel();
        }
        // The table told them until now.
        if (network.isOwnObserved(entry.uri())) {
            ownObservers.onObserved(entry.uri());
        }
    }

    List<String> sensorUris() {
        return table.values().stream()
                .filter(BubbleUpEntry::isSensor)
                .map(BubbleUpEntry::uri)
                .toList();
    }

    /// Answers on the loop.
    void proxy(Proxied proxied, Consumer<SensorAnswer> done) {
        loop.execute(() -> sensor.send(proxied.request(), done));
    }

    /// Answers on the loop.
    void observe(String sensorPath, Consumer<SensorAnswer> done) {
        loop.execute(() -> observations.observe(sensorPath, done));
    }

    /// When nobody may be left who observes the resource. Decided after a moment: an answer may yet make somebody
    /// an observer, and one who registers anew stops being one in between, while ending the sensor's registration
    /// and making it again costs a period.
    void unobserve(String sensorPath) {
        loop.execute(() -> loop.after(OBSERVER_GRACE, () -> {
            if (!network.isObserved(sensorPath)) {
                observations.unobserve(sensorPath);
            }
        }));
    }

    private void onRegistered() {
        listener.onRegistered();
        forwarder.open();
    }

    private void onSensorMessage(byte[] bytes) {
        CoapMessage message;
        try {
            message = CoapMessage.decode(bytes);
        } catch (CoapFormatException e) {
            LOG.debug("{}: unreadable message from the sensor: {}", settings.mac(), e.getMessage());
            return;
        }
        if (isRebootEvent(message)) {
            LOG.debug("{}: the sensor has restarted", settings.mac());
            listener.onSensorReboot();
            bringUpWanted = true;
            observations.forgetRegistrations();
            // The collection that brought this ends first: nothing may come between RR and DISC.
            return;
        }
        Optional<String> path = message.code() == CoapCode.CONTENT ? observations.accept(message) : Optional.empty();
        if (path.isEmpty()) {
            LOG.debug("{}: message from the sensor that nobody asked for: {}", settings.mac(), message);
            return;
        }
        publish("/" + SensorRules.PREFIX + path.get(), Reading.of(message));
    }

    private static boolean isRebootEvent(CoapMessage message) {
        return message.code() == CoapCode.PUT
                && message.path().equals(REBOOT_PATH)
                && message.texts(CoapOption.URI_QUERY).contains(REBOOT_QUERY);
    }

    private void bringUp() {
        if (!bringUpWanted || bringingUp || closed) {
            return;
        }
        bringingUp = true;
        bringUpWanted = false;
        sensor.setTime(clock.millis(), answer -> {
            bringingUp = false;
            if (answer instanceof SensorAnswer.Response) {
                if (!bringUpWanted) {
                    observations.registerAll();
                }
            } else {
                // Tried again when the sensor is heard next.
                bringUpWanted = true;
            }
        });
    }

    private void publish(String uri, Reading reading) {
        BubbleUpEntry entry = table.get(uri);
        if (entry != null && entry.posted()) {
            forwarder.add(new Notification(
                    boot,
                    ++sequence,
                    entry.kind(),
                    uri,
                    reading.contentFormat(),
                    entry.confirmable(),
                    reading.payload()));
        }
        network.notifyObservers(uri, reading);
    }

    private void scheduleOwn(BubbleUpEntry entry) {
        ownObservers.leave(entry.uri());
        Loop.Timer timer = loop.after(entry.ownPeriod(), () -> {
            if (!closed) {
                tellOwn(entry.uri());
                scheduleOwn(entry);
            }
        });
        Loop.Timer former = ownTimers.put(entry.uri(), timer);
        if (former != null) {
            // Of a row that this one replaces, or this very one, which does nothing any more.
            former.cancel();
        }
    }

    private void notifyOwnObservers(String path) {
        own.read(path).ifPresent(reading -> network.notifyObservers(path, reading));
    }

    private void tellOwn(String path) {
        @Nullable Reading reading = own.read(path).orElse(null);
        if (reading != null && !closed) {
            try {
                publish(path, reading);
            } catch (UncheckedIOException e) {
                LOG.warn("{}: a reading of {} could not be kept: {}", settings.mac(), path, e.getMessage(), e);
            }
        }
    }
}
