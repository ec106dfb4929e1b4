// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.proxy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;
import org.eclipse.californium.core.coap.BlockOption;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.coap.Token;
import org.eclipse.californium.core.network.Exchange;
import org.eclipse.californium.core.observe.NotificationListener;
import org.eclipse.californium.core.observe.ObserveManager;
import org.eclipse.californium.elements.config.Configuration;
import org.jspecify.annotations.Nullable;
import org.upwell.access.Mac;
import org.upwell.gateway.coap.Answers;
import org.upwell.gateway.coap.Reply;
import org.upwell.gateway.event.GatewayCounters;
import org.upwell.gateway.event.GatewayEvent;
import org.upwell.gateway.field.AddressBook;
import org.upwell.gateway.field.Registration;
import org.upwell.gateway.session.Session;

/// The observe relations of all applications (RFC 7641). Those on the same resource of a device share one relation
/// with the device, so that the mesh carries each notification once.
///
/// One lock guards this, every [SharedObservation] and its [Followers]. Under it only maps are changed and work is
/// handed to the executors of the exchanges, so it is held briefly. The library keeps what belongs to the wire:
/// message IDs of recent notifications for a RST that cancels, confirmable notifications now and then, one
/// confirmable at a time.
final class ObserveRelations implements NotificationListener, AddressBook.Listener {

    /// An application that waits for or has a relation.
    ///
    /// @param block the block size it asked for; null if none
    /// @param resumed it has the relation already, answered before a restart of the gateway, and waits for nothing
    /// @param written completes when the relation would outlive the gateway, so that it may be answered
    record Observer(
            Reply reply,
            Session session,
            @Nullable BlockOption block,
            boolean resumed,
            CompletionStage<@Nullable Void> written) {

        Exchange exchange() {
            return reply.exchange();
        }

        boolean hasTokenOf(Exchange other) {
            return exchange().getRequest().getToken().equals(other.getRequest().getToken())
                    && exchange().getRemoteSocketAddress().equals(other.getRemoteSocketAddress());
        }
    }

    /// Everything about time.
    ///
    /// @param patience how long a device may take to answer a registration
    /// @param silence how much longer than Max-Age it may be silent then, or up to three times as much
    /// @param timer for both, and for what must not happen under the address book's lock
    record Clockwork(Duration patience, Duration silence, ScheduledExecutorService timer, LongSupplier nanoClock) {

        Future<?> after(Duration delay, Runnable task) {
            return timer.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    /// Numbers are reserved in advance in steps of this size, so that few are written down.
    private static final int NUMBERS_STEP = 4_096;

    private static final int NUMBERS_MASK = 0xffffff;

    final DeviceCalls calls;
    final BodyBlocks blocks;
    final GatewayCounters counters;
    final ObserveManager manager;

    private final RelationFile file;
    private final AnswerCache cache;
    private final BiFunction<Session, Mac, Optional<Response>> refusal;
    final Clockwork clockwork;
    // Concurrent only so that a registration of a device that nobody observes costs no lock.
    private final Map<Mac, Map<ResourceKey, SharedObservation>> byDevice = new ConcurrentHashMap<>();
    private final Map<Token, SharedObservation> byToken = new ConcurrentHashMap<>();

    /// Numbers of notifications, one series for all resources. It begins at the clock and goes on above what an
    /// earlier process used, so that a client does not take new notifications for old ones (RFC 7641 §3.4).
    private int number;

    private int reserved;

    /// @param refusal what a session is told that is over or whose device is not its tenant's (any more)
    /// @param configuration of the application listener
    ObserveRelations(
            DeviceCalls calls,
            BodyBlocks blocks,
            GatewayCounters counters,
            RelationFile file,
            AnswerCache cache,
            Configuration configuration,
            BiFunction<Session, Mac, Optional<Response>> refusal,
            Clockwork clockwork,
            long epochSeconds) {
        this.calls = calls;
        this.blocks = blocks;
        this.counters = counters;
        this.manager = new ObserveManager(configuration);
        this.refusal = refusal;
        this.clockwork = clockwork;
        this.file = file;
        this.cache = cache;
        this.number = file.firstNumber((int) epochSeconds & NUMBERS_MASK);
        reserveNumbers(number);
    }

    /// Lets an application take part in the relation on `resource`, which is made if there is none.
    synchronized void register(Observer observer, ResourceKey resource, DeviceCall.Order order) {
        Map<ResourceKey, SharedObservation> ofDevice = byDevice.computeIfAbsent(order.mac(), _ -> new HashMap<>(2));
        SharedObservation shared = ofDevice.get(resource);
        if (shared == null) {
            shared = new SharedObservation(this, resource, order);
            ofDevice.put(resource, shared);
        }
        shared.join(observer);
    }

    /// The device said something new of a resource.
    void news(ProxyTarget target) {
        cache.outdated(target);
    }

    /// A relation is answered for the first time.
    void answered(Observer observer) {
        file.answered(observer.exchange());
    }

    /// A relation was refused, or has ended.
    void over(Observer observer) {
        file.over(observer.exchange());
    }

    /// Ends the relation that was registered from the same endpoint with the same token (RFC 7641 §3.6), also if
    /// its registration has not been answered yet.
    void cancel(Exchange exchange, Mac mac) {
        manager.cancelObserveRelation(exchange);
        observationsOf(mac).forEach(shared -> shared.followers().stopWaiting(exchange));
    }

    /// Ends the relation of the same endpoint and token, without a word.
    void forget(Exchange exchange) {
        manager.cancelObserveRelation(exchange);
    }

    /// Ends the relations of a session, whose endpoint may soon be somebody else's.
    void sessionEnded(Session session) {
        all().forEach(shared -> shared.followers()
                .endIf(observer -> observer.session() == session ? Optional.of(sessionOver()) : Optional.empty()));
    }

    /// What a client hears of a session that is over, and who has none.
    static Response sessionOver() {
        return Answers.of(ResponseCode.UNAUTHORIZED, "no session");
    }

    /// Ends the relations of those who do not own the device any more.
    void ownerChanged(Mac mac) {
        observationsOf(mac).forEach(shared -> shared.followers().endIf(observer -> refusal(observer, mac)));
    }

    /// What an observer is told that may not observe (any more); empty if it may.
    Optional<Response> refusal(Observer observer, Mac mac) {
        return refusal.apply(observer.session(), mac);
    }

    @Override
    public void onNotification(Request request, Response response) {
        SharedObservation shared = byToken.get(request.getToken());
        if (shared != null) {
            shared.notified(request.getToken(), response);
        }
    }

    /// A device that moved or started anew knows nothing of its observers, or they of it. One that did neither may
    /// be back from where it could not be reached.
    @Override
    public void registered(@Nullable Registration previous, Registration current) {
        if (byDevice.containsKey(current.mac())) {
            boolean same = previous != null
                    && previous.address().equals(current.address())
                    && previous.boot() == current.boot();
            clockwork.timer.execute(
                    () -> observationsOf(current.mac()).forEach(shared -> shared.deviceRegistered(same)));
        }
    }

    @Override
    public void departed(Registration last, AddressBook.Departure why) {
        // The relations wait for it to come back.
    }

    /// Called under the lock.
    int nextNumber() {
        number = (number + 1) & NUMBERS_MASK;
        if ((reserved - number & NUMBERS_MASK) <= NUMBERS_STEP) {
            reserveNumbers(reserved);
        }
        return number;
    }

    private void reserveNumbers(int from) {
        reserved = (from + 2 * NUMBERS_STEP) & NUMBERS_MASK;
        file.reserveNumbers(reserved);
    }

    void learnToken(Token token, SharedObservation shared) {
        byToken.put(token, shared);
    }

    void forgetToken(Token token) {
        byToken.remove(token);
    }

    /// Called under the lock.
    void remove(SharedObservation shared) {
        byDevice.computeIfPresent(shared.mac(), (_, ofDevice) -> {
            ofDevice.remove(shared.resource(), shared);
            return ofDevice.isEmpty() ? null : ofDevice;
        });
        counters.count(GatewayEvent.OBSERVE_UPSTREAM_ENDED);
    }

    private synchronized List<SharedObservation> observationsOf(Mac mac) {
        return List.copyOf(byDevice.getOrDefault(mac, Map.of()).values());
    }

    private synchronized List<SharedObservation> all() {
        List<SharedObservation> all = new ArrayList<>();
        byDevice.values().forEach(ofDevice -> all.addAll(ofDevice.values()));
        return all;
    }
}
