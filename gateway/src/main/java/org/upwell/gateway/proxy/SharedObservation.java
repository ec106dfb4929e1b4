// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.proxy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Future;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.OptionSet;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.coap.Token;
import org.eclipse.californium.core.network.Exchange;
import org.eclipse.californium.core.observe.ObserveNotificationOrderer;
import org.eclipse.californium.core.observe.ObserveRelation;
import org.eclipse.californium.core.server.resources.ObservableResource;
import org.eclipse.californium.elements.AddressEndpointContext;
import org.jspecify.annotations.Nullable;
import org.upwell.access.Mac;
import org.upwell.gateway.coap.Answers;
import org.upwell.gateway.event.GatewayEvent;
import org.upwell.gateway.field.Registration;
import org.upwell.gateway.proxy.ObserveRelations.Observer;
import org.upwell.gateway.session.Session;

/// One observe relation with a device and the applications that share it. Guarded by the lock of
/// [ObserveRelations].
///
/// While the device has not answered the first registration, applications wait; then each gets what is known (the
/// device's answer, later its newest notification) and follows. The relation with the device ends when nobody
/// follows, or when the device says so, which is then passed on. A device that falls silent is registered with
/// again, of which applications notice nothing but the gap.
final class SharedObservation implements ObservableResource {

    private final ObserveRelations relations;
    private final ResourceKey resource;
    private final DeviceCall.Order order;
    private final List<Observer> waiting = new ArrayList<>(1);
    private final Map<ObserveRelation, Observer> followers = new HashMap<>(2);
    /// Observers that were handed to their exchanges' executors and are not among the followers yet.
    private final List<Observer> joining = new ArrayList<>(1);
    private boolean closed;
    private @Nullable DeviceCall registering;
    private @Nullable Upstream upstream;
    private final SilenceWatch silence;
    /// What a new follower is told; null until the device has answered.
    private @Nullable Body latest;
    private long latestNanos;

    /// The relation that stands with the device.
    private record Upstream(Token token, Registration device, ObserveNotificationOrderer orderer) {}

    SharedObservation(ObserveRelations relations, ResourceKey resource, DeviceCall.Order order) {
        this.relations = relations;
        this.resource = resource;
        OptionSet options = new OptionSet(order.options());
        options.setObserve(0);
        this.order = new DeviceCall.Order(order.mac(), order.method(), options, order.payload());
        this.silence = new SilenceWatch(relations.clockwork, this::renew);
    }

    Mac mac() {
        return order.mac();
    }

    ResourceKey resource() {
        return resource;
    }

    void join(Observer observer) {
        synchronized (relations) {
            if (observer.resumed()) {
                resume(observer);
                if (upstream == null) {
                    register();
                }
            } else if (upstream != null && latest != null) {
                follow(observer);
            } else {
                waiting.add(observer);
                register();
            }
        }
    }

    /// Registers with the device, as far as that is not under way. Called under the lock.
    private void register() {
        if (!closed && registering == null) {
            relations.counters.count(GatewayEvent.OBSERVE_UPSTREAM_STARTED);
            call(null);
        }
    }

    /// Registers once more with a device that has been silent for too long. If the relation still stands it must be
    /// with the same token (RFC 7641 §3.1), or the device would have two.
    private void renew() {
        synchronized (relations) {
            if (!closed && registering == null && silence.isOver()) {
                relations.counters.count(GatewayEvent.OBSERVE_UPSTREAM_RENEWED);
                silence.asked();
                call(upstream == null ? null : upstream.token);
            }
        }
    }

    private void call(@Nullable Token token) {
        Registering outcome = new Registering();
        // Who waits for it decides how urgent it is.
        Session session = waiting.isEmpty() ? null : waiting.getFirst().session();
        DeviceCall call = relations.calls.start(order, session, token, outcome);
        if (!outcome.over) {
            outcome.call = call;
            registering = call;
            // An acknowledged registration whose separate answer is lost is never heard of again.
            Future<?> _ = relations.clockwork.after(relations.clockwork.patience(), () -> giveUp(call));
        }
    }

    private void giveUp(DeviceCall call) {
        synchronized (relations) {
            if (registering == call) {
                call.cancel();
                notRegistered(unreachable());
            }
        }
    }

    private static Response unreachable() {
        return Answers.of(ResponseCode.GATEWAY_TIMEOUT, "device does not answer");
    }

    private void notRegistered(Response why) {
        // What stood until now stands no more: the library has forgotten the token.
        forgetUpstream();
        notAsked(why);
    }

    private void notAsked(Response why) {
        registering = null;
        giveUpWaiting(why);
        // Followers wait for the device to come back; without any there is nothing to keep.
        closeIfUnused();
        if (!closed) {
            silence.waitAgain();
        }
    }

    /// @param same the device is where and as it was; else what stood with it is void
    void deviceRegistered(boolean same) {
        synchronized (relations) {
            if (!same) {
                forgetUpstream();
                if (registering != null) {
                    // What it acknowledged there or before its restart, it will not answer here and now.
                    registering.cancel();
                    registering = null;
                }
            }
            if (upstream == null) {
                register();
            }
        }
    }

    private void forgetUpstream() {
        if (upstream != null) {
            relations.forgetToken(upstream.token);
            upstream.device.endpoint().cancelObservation(upstream.token);
            upstream = null;
        }
    }

    private final class Registering implements DeviceCall.Outcome {

        private boolean over;
        private @Nullable DeviceCall call;

        /// Another registration was begun, or this one given up, while its outcome waited for the lock.
        private boolean replaced() {
            return call != null && registering != call;
        }

        @Override
        public void answered(Request request, Registration device, Response response) {
            synchronized (relations) {
                over = true;
                if (replaced()) {
                    return;
                }
                registering = null;
                Integer observe = response.getOptions().getObserve();
                if (closed) {
                    return;
                }
                if (isForNow(response) && !followers.isEmpty()) {
                    notRegistered(response);
                    return;
                }
                if (observe == null || !response.isSuccess()) {
                    end(response);
                    return;
                }
                Token token = request.getToken();
                upstream = new Upstream(token, device, new ObserveNotificationOrderer(observe));
                relations.learnToken(token, SharedObservation.this);
                established(response);
            }
        }

        @Override
        public void unreachable() {
            synchronized (relations) {
                over = true;
                if (!replaced()) {
                    notRegistered(SharedObservation.unreachable());
                }
            }
        }

        @Override
        public void busy() {
            synchronized (relations) {
                over = true;
                if (!replaced()) {
                    // Nothing was sent, so what stood until now stands.
                    notAsked(ForwardProxy.busy());
                }
            }
        }
    }

    /// The device is there, but its sensor is not, or it has no time.
    private static boolean isForNow(Response response) {
        return response.getCode() == ResponseCode.GATEWAY_TIMEOUT
                || response.getCode() == ResponseCode.SERVICE_UNAVAILABLE;
    }

    private void established(Response response) {
        Body before = latest;
        Body told;
        try {
            told = Body.of(response).observed(relations.nextNumber());
        } catch (RefusedRequestException refusal) {
            end(Answers.of(refusal.code(), refusal.getMessage()));
            return;
        }
        if (before == null) {
            keep(told);
            silence.heard(told.maxAge());
            if (response.getPayloadSize() > 0) {
                // To those who had the relation before the gateway was started anew.
                notifyFollowers(told);
            }
        } else if (response.getPayloadSize() == 0) {
            silence.waitAgain();
        } else if (told.saysTheSameAs(before)) {
            // It holds for as long again.
            latest = told;
            latestNanos = relations.clockwork.nanoClock().getAsLong();
            silence.waitAgain();
        } else {
            // A second registration brought a reading that followers have not seen.
            keep(told);
            silence.heard(told.maxAge());
            notifyFollowers(told);
        }
        waiting.forEach(this::follow);
        waiting.clear();
        closeIfUnused();
    }

    private void keep(Body body) {
        relations.news(resource.target());
        latest = body;
        latestNanos = relations.clockwork.nanoClock().getAsLong();
    }

    /// What the device said last, with what is left of its Max-Age.
    private Body known() {
        return Objects.requireNonNull(latest)
                .aged(Duration.ofNanos(relations.clockwork.nanoClock().getAsLong() - latestNanos));
    }

    /// A notification of the device.
    void notified(Token token, Response response) {
        synchronized (relations) {
            if (closed || upstream == null || !upstream.token.equals(token) || !upstream.orderer.isNew(response)) {
                return;
            }
            if (!response.isSuccess() || !response.getOptions().hasObserve()) {
                end(response);
                return;
            }
            try {
                Body body = Body.of(response).observed(relations.nextNumber());
                keep(body);
                silence.heard(body.maxAge());
                notifyFollowers(body);
            } catch (RefusedRequestException refusal) {
                end(Answers.of(refusal.code(), refusal.getMessage()));
            }
        }
    }

    private void notifyFollowers(Body body) {
        dropIf(observer -> !relations.mayObserve(observer, mac()));
        followers.forEach((relation, observer) -> send(relation, observer, body));
    }

    private void send(ObserveRelation relation, Observer observer, Body body) {
        Exchange exchange = observer.exchange();
        Response response = relations.blocks.first(exchange.getRemoteSocketAddress(), resource, body, observer.block());
        exchange.execute(() -> {
            if (!relation.isCanceled()) {
                relations.counters.count(GatewayEvent.NOTIFICATION_SENT);
                exchange.sendResponse(response);
            }
        });
    }

    /// Answers a registration, with what is known by then, and makes it a relation. The library sets that up on the
    /// exchange's own executor; what is sent to the follower afterwards queues up behind.
    private void follow(Observer observer) {
        joining.add(observer);
        // Not before it is written, if that is possible at all.
        observer.written()
                .whenComplete((_, _) -> observer.exchange().execute(() -> {
                    synchronized (relations) {
                        if (observer.reply().claim()) {
                            Response answer = firstAnswer(observer);
                            Request request = observer.exchange().getRequest();
                            if (request.isConfirmable() && request.isAcknowledged()) {
                                // RFC 7252 §5.2.2; the library would take the type of notifications for it.
                                answer.setType(CoAP.Type.CON);
                            }
                            observer.exchange().sendResponse(answer);
                        } else {
                            // It was told meanwhile that the device does not answer, or has cancelled.
                            relations.over(observer);
                        }
                        joining.remove(observer);
                        closeIfUnused();
                    }
                }));
    }

    private Response firstAnswer(Observer observer) {
        if (!relations.mayObserve(observer, mac())) {
            relations.over(observer);
            return Answers.of(ResponseCode.UNAUTHORIZED);
        }
        boolean follows = addFollower(observer, GatewayEvent.OBSERVE_STARTED) != null;
        if (follows) {
            relations.answered(observer);
        }
        // Without Observe the client knows that it has no relation.
        Body told = follows ? known() : known().observed(null);
        return relations.blocks.first(observer.exchange().getRemoteSocketAddress(), resource, told, observer.block());
    }

    /// @return null if there are as many relations as the listener may have
    private @Nullable ObserveRelation addFollower(Observer observer, GatewayEvent event) {
        ObserveRelation relation = null;
        if (!closed) {
            relations.manager.addObserveRelation(observer.exchange(), this);
            relation = observer.exchange().getRelation();
        }
        if (relation == null) {
            relations.over(observer);
        } else {
            followers.put(relation, observer);
            relations.counters.count(event);
        }
        return relation;
    }

    /// Makes a relation again that an earlier process had. The application is told nothing but the news.
    private void resume(Observer observer) {
        joining.add(observer);
        observer.exchange().execute(() -> {
            synchronized (relations) {
                ObserveRelation relation = null;
                if (relations.mayObserve(observer, mac())) {
                    relation = addFollower(observer, GatewayEvent.OBSERVE_RESUMED);
                } else {
                    relations.over(observer);
                }
                if (relation == null) {
                    observer.reply().answer(Answers.unavailable(0, "observation ended"));
                } else {
                    // Its answer went out long ago.
                    relation.setEstablished();
                    if (upstream != null && latest != null && latest.payload().length > 0) {
                        send(relation, observer, known());
                    }
                }
                joining.remove(observer);
                closeIfUnused();
            }
        });
    }

    /// The device will send no more: everybody gets its last word, and an error if that was none.
    private void end(Response lastWord) {
        Body body;
        try {
            body = Body.of(lastWord);
        } catch (RefusedRequestException refusal) {
            lastWord = Answers.of(refusal.code(), refusal.getMessage());
            body = new Body(refusal.code(), lastWord.getOptions(), lastWord.getPayload(), null);
        }
        Body answer = body;
        for (Observer observer : waiting) {
            relations.over(observer);
            observer.reply()
                    .answer(relations.blocks.first(
                            observer.exchange().getRemoteSocketAddress(), resource, answer, observer.block()));
        }
        waiting.clear();
        // A success without Observe does not end a relation for the library, and would leave the client waiting.
        boolean error = lastWord.isError();
        for (Observer observer : followers.values()) {
            Exchange exchange = observer.exchange();
            relations.counters.count(GatewayEvent.OBSERVE_ENDED);
            relations.over(observer);
            exchange.execute(() ->
                    exchange.sendResponse(error ? withPayload(answer) : Answers.unavailable(0, "observation ended")));
        }
        followers.clear();
        close(false);
    }

    private static Response withPayload(Body body) {
        Response response = body.head();
        response.setPayload(body.payload());
        return response;
    }

    private void giveUpWaiting(Response why) {
        for (Observer observer : waiting) {
            relations.over(observer);
            Response answer = Answers.of(why.getCode(), why.getPayloadString());
            if (why.getOptions().hasMaxAge()) {
                answer.getOptions().setMaxAge(why.getOptions().getMaxAge());
            }
            observer.reply().answer(answer);
        }
        waiting.clear();
    }

    /// Whoever registered with the token of `cancellation` and waits for the answer gets none but the one to that.
    void stopWaiting(Exchange cancellation) {
        synchronized (relations) {
            Stream.concat(waiting.stream(), joining.stream())
                    .filter(observer -> !observer.resumed() && observer.hasTokenOf(cancellation))
                    .toList()
                    .forEach(observer -> {
                        observer.reply().withdraw();
                        relations.over(observer);
                        // One that is joining finds that it has no reply to give.
                        waiting.remove(observer);
                    });
            closeIfUnused();
        }
    }

    /// Ends the relations of some observers without a word: they have no right to one.
    void dropIf(Predicate<Observer> condition) {
        List<ObserveRelation> dropped = new ArrayList<>();
        synchronized (relations) {
            followers.forEach((relation, observer) -> {
                if (condition.test(observer)) {
                    dropped.add(relation);
                }
            });
        }
        // Outside our own iteration, because the library calls removeObserveRelation.
        dropped.forEach(ObserveRelation::cancel);
    }

    private void closeIfUnused() {
        if (followers.isEmpty() && waiting.isEmpty() && joining.isEmpty()) {
            close(true);
        }
    }

    private void close(boolean tellDevice) {
        if (closed) {
            return;
        }
        closed = true;
        silence.stop();
        relations.remove(this);
        if (registering != null) {
            registering.cancel();
            registering = null;
        }
        if (upstream != null && tellDevice) {
            cancelAtDevice(upstream);
        }
        forgetUpstream();
    }

    /// GET with Observe 1 and the token of the relation (RFC 7641 §3.6); a device that only learned of it by the
    /// RST to its next notification would wake the mesh once more for nothing.
    private void cancelAtDevice(Upstream former) {
        OptionSet options = new OptionSet(order.options());
        options.setObserve(1);
        DeviceCall.Order cancellation = new DeviceCall.Order(order.mac(), order.method(), options, order.payload());
        if (relations.calls.find(mac()) != null) {
            DeviceCall call = relations.calls.start(cancellation, null, former.token, new Unheard());
            forgetLater(call::cancel);
            return;
        }
        // Perhaps only its registrations are lost.
        Request request = new Request(order.method(), CoAP.Type.CON);
        request.setOptions(options);
        request.setToken(former.token);
        request.setDestinationContext(new AddressEndpointContext(former.device.address()));
        former.device.endpoint().sendRequest(request);
        forgetLater(request::cancel);
    }

    /// A cancellation that the device acknowledges and never answers would be kept for ever.
    private void forgetLater(Runnable cancel) {
        Future<?> _ = relations.clockwork.after(relations.clockwork.patience(), cancel);
    }

    /// What is said to a cancellation; who does not hear of it is told by RST to the next notification.
    private static final class Unheard implements DeviceCall.Outcome {

        @Override
        public void answered(Request request, Registration device, Response response) {
            // It is what was wanted.
        }

        @Override
        public void unreachable() {
            // A device that is gone notifies nobody.
        }

        @Override
        public void busy() {
            // The next notification is rejected.
        }
    }

    @Override
    public String getURI() {
        return "/" + String.join("/", resource.target().path());
    }

    /// Non-confirmable, of which the library makes some confirmable to find out who is still there.
    @Override
    public CoAP.Type getObserveType() {
        return CoAP.Type.NON;
    }

    /// Never asked for: every notification carries its number already.
    @Override
    public int getNotificationSequenceNumber() {
        throw new IllegalStateException("notifications are numbered before they are sent");
    }

    @Override
    public boolean isObservable() {
        return true;
    }

    /// Called by the library when the first answer is sent; the follower is known since before.
    @Override
    public void addObserveRelation(ObserveRelation relation) {}

    /// Called by the library when a relation ended: by RST, Observe 1, a confirmable notification that nobody
    /// acknowledged, or by us.
    @Override
    public void removeObserveRelation(ObserveRelation relation) {
        synchronized (relations) {
            Observer observer = followers.remove(relation);
            if (observer != null) {
                relations.over(observer);
                relations.counters.count(GatewayEvent.OBSERVE_ENDED);
                closeIfUnused();
            }
        }
    }

    @Override
    public int getObserverCount() {
        synchronized (relations) {
            return followers.size();
        }
    }
}
