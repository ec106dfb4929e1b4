// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.util.DaemonThreadFactory;
import org.eclipse.californium.elements.util.ExecutorsUtil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.access.DeviceOwners;
import org.upwell.access.Mac;
import org.upwell.broker.access.Authenticator;
import org.upwell.gateway.bridge.BridgeJournal;
import org.upwell.gateway.bridge.BridgeLinks;
import org.upwell.gateway.bridge.BrokerLink;
import org.upwell.gateway.bridge.BubbleUps;
import org.upwell.gateway.bridge.Quarantine;
import org.upwell.gateway.coap.CoapListener;
import org.upwell.gateway.coap.Networks;
import org.upwell.gateway.coap.RequestDeliverer;
import org.upwell.gateway.event.GatewayCounters;
import org.upwell.gateway.field.AddressBook;
import org.upwell.gateway.field.FieldRequests;
import org.upwell.gateway.field.RegistrationFile;
import org.upwell.gateway.field.Registrations;
import org.upwell.gateway.presence.Presence;
import org.upwell.gateway.proxy.ForwardProxy;
import org.upwell.gateway.proxy.RelationFile;
import org.upwell.gateway.session.Session;
import org.upwell.gateway.session.SessionFile;
import org.upwell.gateway.session.SessionRequests;
import org.upwell.gateway.session.Sessions;
import org.upwell.gateway.traffic.AnswerCounters;
import org.upwell.gateway.traffic.Traces;

/// A running gateway: both listeners, the bridge, the proxy and presence, wired together. Runs inside the server's
/// process or alone. It owns its threads and connections and nothing else; all methods may be called from any
/// thread.
public final class Gateway implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);

    private static final int TIMER_THREADS = 2;

    /// Requests of a device that are remembered for de-duplication. A device has one message under way at a time;
    /// what it sends again after that is known by its number.
    private static final int FIELD_REPEATS = 8;

    /// The same of an application, which may ask for a thousand devices at once; a request that is sent again must
    /// not be carried out again (field protocol §4).
    private static final int APPLICATION_REPEATS = 1_024;

    /// Anybody can send us something; devices are bounded by the field's networks.
    private static final long APPLICATION_REPEAT_BYTES = 64L << 20;

    /// What goes through the mesh in one piece, both ways.
    private static final int FIELD_BLOCK_BYTES = 128;

    /// Longer bodies are sent in blocks. A device takes requests of up to 239 bytes whole (field protocol §6),
    /// which with a token and a path none of these is.
    private static final int FIELD_WHOLE_BYTES = 224;

    private static final int MISSED_REGISTRATIONS = 2;
    private static final long STOP_MILLIS = 2_000;

    private final GatewayConfig config;
    private final Authenticator authenticator;
    private final GatewayCounters counters = new GatewayCounters();
    private final ScheduledExecutorService timer = newTimer();
    private final List<AutoCloseable> owned = new ArrayList<>();
    private final AddressBook devices;
    private final Sessions sessions;
    private final Traces traces;
    private final AnswerCounters answers;
    private final SessionFile sessionFile;
    private final BridgeJournal journal;
    private final Quarantine quarantine;
    private final BridgeLinks bridge;
    private final BubbleUps bubbleUps;
    private final BrokerLink presenceLink;
    private final Presence presence;
    private final RegistrationFile registrations;
    private final ForwardProxy proxy;
    private final CoapListener field;
    private final CoapListener applications;

    /// Binds both listeners and begins to connect to the broker; does not wait for the connection.
    ///
    /// @param authenticator for tokens and passwords of applications; [#accessChanged] wants to hear of changes
    /// @param owners whose each device is; [#ownerChanged] wants to hear of changes
    /// @param links opens the connections to the broker
    /// @param clock for what leaves the process and for lives of registrations and sessions
    /// @throws IOException naming the address that could not be bound, or the file that could not be opened
    /// @throws IllegalArgumentException naming a network that cannot be read
    public static Gateway start(
            GatewayConfig config,
            Authenticator authenticator,
            DeviceOwners owners,
            BrokerLink.Opener links,
            InstantSource clock)
            throws IOException {
        // Before anything is opened, since it may be refused.
        Networks networks = Networks.parse(config.field().networks());
        return new Gateway(config, networks, authenticator, owners, links, clock);
    }

    private Gateway(
            GatewayConfig config,
            Networks networks,
            Authenticator authenticator,
            DeviceOwners owners,
            BrokerLink.Opener links,
            InstantSource clock)
            throws IOException {
        this.config = config;
        this.authenticator = authenticator;
        devices = new AddressBook(
                config.devices(), config.field().registrationLife().multipliedBy(MISSED_REGISTRATIONS));
        sessions = new Sessions(config.sessions(), counters, clock);
        traces = new Traces(devices, clock);
        answers =
                new AnswerCounters(devices, owners, peer -> sessions.find(peer).map(Session::tenant));
        try {
            journal = own(BridgeJournal.open(config.directory().resolve("bridge")));
            quarantine = own(Quarantine.open(
                    config.directory().resolve("quarantine"), config.bridge().quarantine(), counters, clock));
            bridge = own(openBridge(links));
            presenceLink = own(links.open(config.bridge().presenceClientId(), null));
            presence = own(new Presence(config.directory(), presenceLink, owners, counters, clock, timer));
            registrations = own(RegistrationFile.open(config.directory().resolve("registrations"), devices));
            devices.addListener(presence);
            sessionFile = own(restoreSessions());
            bubbleUps = new BubbleUps(
                    new BubbleUps.Settings(
                            config.bridge().qos(),
                            config.times().promptAck(),
                            config.bridge().acknowledgementPatience()),
                    devices,
                    owners,
                    bridge,
                    journal,
                    quarantine,
                    counters,
                    clock,
                    timer);
            field = own(openField(networks, clock));
            // Closes before the field listener, whose requests end unanswered then: that is no reason to write that the
            // registrations are over which wait for them.
            RelationFile relations = own(RelationFile.open(config.directory().resolve("relations")));
            Configuration applicationSettings = CoapListener.configuration(config.times());
            // We cut blocks ourselves, see BodyBlocks.
            applicationSettings.set(CoapConfig.MAX_RESOURCE_BODY_SIZE, 0);
            proxy = openProxy(applicationSettings, owners, relations, clock);
            field.onNotification(proxy.notifications());
            restoreDevices(clock.instant());
            applications = own(openApplications(applicationSettings));
            applications.addInterceptor(proxy.blockMarker());
            watch();
            relations.resume(applications::receive);
        } catch (IOException | RuntimeException fault) {
            close();
            throw fault;
        }
        beginSweeps(clock);
    }

    private static ScheduledExecutorService newTimer() {
        ScheduledThreadPoolExecutor timer =
                new ScheduledThreadPoolExecutor(TIMER_THREADS, new DaemonThreadFactory("gateway-timer-"));
        // Most timers wait for an answer that comes.
        timer.setRemoveOnCancelPolicy(true);
        // What is due minutes after the end does not hold it up.
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        return timer;
    }

    /// Devices that registered with an earlier process have the life of a registration to do so again.
    private void restoreDevices(Instant now) {
        Duration life = config.field().registrationLife();
        registrations.restore(field::endpointAt, now, life.multipliedBy(MISSED_REGISTRATIONS), life);
        presence.restore(devices.all());
    }

    private void beginSweeps(InstantSource clock) {
        long sweepMillis = config.field().sweep().toMillis();
        Future<?> sweeps =
                timer.scheduleWithFixedDelay(() -> sweep(clock), sweepMillis, sweepMillis, TimeUnit.MILLISECONDS);
        // The last to be owned is the first to be closed: nothing is swept out of files that are being closed.
        AutoCloseable _ = own(() -> sweeps.cancel(false));
    }

    private ForwardProxy openProxy(
            Configuration settings, DeviceOwners owners, RelationFile relations, InstantSource clock) {
        return new ForwardProxy(
                new ForwardProxy.Times(
                        config.times().promptAck(),
                        config.patience().confirmable(),
                        config.patience().nonConfirmable(),
                        config.patience().silence()),
                config.limits(),
                settings,
                sessions,
                owners,
                devices,
                relations,
                counters,
                timer,
                clock.instant().getEpochSecond());
    }

    private void watch() {
        field.addInterceptor(answers.ofField());
        field.addInterceptor(traces.ofField());
        applications.addInterceptor(answers.ofApplications());
        applications.addInterceptor(traces.ofApplications());
    }

    private SessionFile restoreSessions() throws IOException {
        SessionFile file = SessionFile.open(config.directory().resolve("sessions"));
        file.restore(sessions, authenticator::readmit);
        return file;
    }

    private <T extends AutoCloseable> T own(T part) {
        owned.add(part);
        return part;
    }

    private BridgeLinks openBridge(BrokerLink.Opener links) {
        List<BrokerLink> opened = new ArrayList<>();
        List<String> clientIds = IntStream.range(0, config.bridge().instances())
                .mapToObj(config.bridge()::bridgeClientId)
                .toList();
        journal.endAllBut(Set.copyOf(clientIds));
        for (String clientId : clientIds) {
            opened.add(links.open(clientId, journal.store(clientId)));
        }
        return new BridgeLinks(opened);
    }

    private CoapListener openField(Networks networks, InstantSource clock) throws IOException {
        Registrations resource = new Registrations(devices, config.field().registrationLife(), counters, clock);
        FieldRequests requests = new FieldRequests(resource, bubbleUps::handle, counters);
        Configuration settings = CoapListener.configuration(config.times());
        settings.set(CoapConfig.PREFERRED_BLOCK_SIZE, FIELD_BLOCK_BYTES);
        settings.set(CoapConfig.MAX_MESSAGE_SIZE, FIELD_WHOLE_BYTES);
        return CoapListener.open(
                new CoapListener.Plan("field", settings, networks, FIELD_REPEATS, Long.MAX_VALUE, counters),
                config.field().bind(),
                new RequestDeliverer(requests::handle),
                timer);
    }

    private CoapListener openApplications(Configuration settings) throws IOException {
        SessionRequests sessionRequests = new SessionRequests(
                sessions, sessionFile, authenticator, counters, config.times().promptAck(), timer);
        ApplicationRequests requests = new ApplicationRequests(sessionRequests, proxy);
        RequestDeliverer deliverer = new RequestDeliverer(requests::handle);
        CoapListener listener = CoapListener.open(
                new CoapListener.Plan("coap", settings, null, APPLICATION_REPEATS, APPLICATION_REPEAT_BYTES, counters),
                config.coap().bind(),
                deliverer,
                timer);
        try {
            if (config.coap().secured().isPresent()) {
                GatewayConfig.Secured secured = config.coap().secured().get();
                listener.openSecured(secured.dtls(), secured.bind(), deliverer, sessions::close, timer);
            }
        } catch (IOException | RuntimeException fault) {
            listener.close();
            throw fault;
        }
        return listener;
    }

    private void sweep(InstantSource clock) {
        try {
            devices.expire(clock.instant());
            sessions.expire();
            bubbleUps.sweep();
        } catch (RuntimeException fault) {
            // Passed on, it would end the sweeps.
            LOG.error("registrations, sessions and quarantine could not be swept", fault);
        }
    }

    /// Says that a device belongs to somebody else now, to somebody for the first time or to nobody.
    public void ownerChanged(Mac mac) {
        presence.ownerChanged(mac);
        proxy.ownerChanged(mac);
        bubbleUps.ownerChanged(mac);
    }

    /// Says that users, tenants or roles changed: sessions of whoever is not admitted any more end.
    public void accessChanged() {
        sessions.revoke(principal -> authenticator.readmit(principal).isPresent());
    }

    /// Where applications reach the gateway.
    public List<InetSocketAddress> coapAddresses() {
        return applications.addresses();
    }

    /// Where applications reach the gateway with DTLS; nowhere unless it is configured.
    public List<InetSocketAddress> securedAddresses() {
        return applications.securedAddresses();
    }

    /// Where devices reach the gateway.
    public List<InetSocketAddress> fieldAddresses() {
        return field.addresses();
    }

    /// True while every connection to the broker stands and what is under way can be written down.
    public boolean isConnected() {
        return journal.isWritable() && bridge.isConnected() && presenceLink.isConnected();
    }

    public GatewayCounters counters() {
        return counters;
    }

    /// Answers by tenant and by access point.
    public AnswerCounters answers() {
        return answers;
    }

    /// Where operators look at one device's messages.
    public Traces traces() {
        return traces;
    }

    /// Messages of devices that belong to nobody.
    public Quarantine quarantine() {
        return quarantine;
    }

    /// Devices in the address book.
    public int registeredDevices() {
        return devices.size();
    }

    /// Open sessions of applications.
    public int openSessions() {
        return sessions.size();
    }

    /// Stops the listeners first, so that nothing is taken that could not be published, then the connections.
    @Override
    public void close() {
        for (AutoCloseable part : owned.reversed()) {
            try {
                part.close();
            } catch (Exception fault) {
                LOG.warn("a part of the gateway did not close", fault);
            }
        }
        owned.clear();
        ExecutorsUtil.shutdownExecutorGracefully(STOP_MILLIS, timer);
    }
}
