// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.proxy;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import org.eclipse.californium.core.coap.BlockOption;
import org.eclipse.californium.core.coap.CoAP.Code;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.OptionSet;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.Exchange;
import org.eclipse.californium.core.network.interceptors.MessageInterceptor;
import org.eclipse.californium.core.observe.NotificationListener;
import org.eclipse.californium.elements.config.Configuration;
import org.jspecify.annotations.Nullable;
import org.upwell.access.DeviceOwners;
import org.upwell.access.Mac;
import org.upwell.gateway.coap.Answers;
import org.upwell.gateway.coap.Reply;
import org.upwell.gateway.event.GatewayCounters;
import org.upwell.gateway.event.GatewayEvent;
import org.upwell.gateway.field.AddressBook;
import org.upwell.gateway.field.Registration;
import org.upwell.gateway.session.Session;
import org.upwell.gateway.session.Sessions;

/// Carries requests of applications on to their devices and the answers back (RFC 7252 §5.7.2).
///
/// Runs on the application listener's stage, on the field listener's when a device answers, and on the timer's when
/// none does; never blocks. Nothing reaches a device before the session and the owner are checked.
public final class ForwardProxy {

    /// See [Reply]; the field protocol §4 gives the reasons for the two kinds of patience. `silence` is how much
    /// longer than Max-Age a device may be silent towards observers.
    public record Times(Duration promptAck, Duration confirmable, Duration nonConfirmable, Duration silence) {}

    /// What is carried on at a time. Both waiting queues may fill; what comes then is sent back with 5.03.
    ///
    /// @param inFlightPerDevice requests to a device that it has neither acknowledged nor answered (RFC 7252 §4.7)
    /// @param inFlightPerAccessPoint the same through an [org.upwell.gateway.field.AccessPoint], but for those that
    ///     had to be sent again
    /// @param waitingPerDevice requests that may wait for a device
    /// @param waitingPerAccessPoint the same for an access point
    /// @param cacheBytes what answers that may serve again may take; 0 keeps none
    public record Limits(
            int inFlightPerDevice,
            int inFlightPerAccessPoint,
            int waitingPerDevice,
            int waitingPerAccessPoint,
            long cacheBytes) {

        public static final Limits DEFAULT = new Limits(1, 100, 32, 2_000, 16L << 20);
    }

    /// How long who is sent back is asked to wait.
    private static final long BUSY_RETRY_SECONDS = 10;

    /// Whose answer does not come keeps others from its resource for a part of anybody's patience only.
    private static final int HOLDS_IN_PATIENCE = 4;

    private static final int OBSERVE = 0;
    private static final int OBSERVE_NO_MORE = 1;

    /// Not 4.03: whether a device exists is its owner's business.
    private static final String NO_SUCH_DEVICE = "no such device";

    private final Times times;
    private final Sessions sessions;
    private final DeviceOwners owners;
    private final GatewayCounters counters;
    private final ScheduledExecutorService timer;
    private final DeviceCalls calls;
    private final BodyBlocks blocks;
    private final RequestBodies bodies;
    private final AnswerCache cache;
    private final RelationFile relationFile;
    private final ObserveRelations relations;

    /// @param configuration of the application listener
    /// @param epochSeconds the time of the start
    public ForwardProxy(
            Times times,
            Limits limits,
            Configuration configuration,
            Sessions sessions,
            DeviceOwners owners,
            AddressBook devices,
            RelationFile relationFile,
            GatewayCounters counters,
            ScheduledExecutorService timer,
            long epochSeconds) {
        this.times = times;
        this.sessions = sessions;
        this.owners = owners;
        this.counters = counters;
        this.timer = timer;
        SendTurns turns = new SendTurns(limits, timer, times.nonConfirmable.dividedBy(HOLDS_IN_PATIENCE));
        this.calls = new DeviceCalls(devices, turns, counters, timer);
        this.blocks = new BodyBlocks(System::nanoTime);
        this.bodies = new RequestBodies(System::nanoTime);
        this.cache = new AnswerCache(limits.cacheBytes(), System::nanoTime);
        devices.addListener(cache);
        this.relationFile = relationFile;
        this.relations = new ObserveRelations(
                calls,
                blocks,
                counters,
                relationFile,
                cache,
                configuration,
                this::refusal,
                new ObserveRelations.Clockwork(times.confirmable, times.silence, timer, System::nanoTime),
                epochSeconds);
        devices.addListener(relations);
        sessions.onEnd(relations::sessionEnded);
    }

    public static boolean isProxied(Request request) {
        return ProxyTarget.isProxied(request.getOptions());
    }

    /// What the application listener needs to send blocks as existing clients want them.
    public MessageInterceptor blockMarker() {
        return new FurtherBlock.Marker();
    }

    /// Where notifications of devices go.
    public NotificationListener notifications() {
        return relations;
    }

    /// Says that a client uses a token for a request of its own to us. It does not observe with it any more: a
    /// program that begins with the same token as the one that had its port before would take the last word of that
    /// one's relation for its answer.
    public void tokenTakenAnew(Exchange exchange) {
        relations.forget(exchange);
    }

    /// Says that a device has another owner now.
    public void ownerChanged(Mac mac) {
        cache.forget(mac);
        relations.ownerChanged(mac);
    }

    /// What a session is told that may not reach a device; empty if it may.
    private Optional<Response> refusal(Session session, Mac mac) {
        if (!sessions.isOpen(session)) {
            return Optional.of(ObserveRelations.sessionOver());
        }
        return isOwner(session, mac)
                ? Optional.empty()
                : Optional.of(Answers.of(ResponseCode.NOT_FOUND, NO_SUCH_DEVICE));
    }

    private boolean isOwner(Session session, Mac mac) {
        return owners.ownerOf(mac).filter(session.tenant()::equals).isPresent();
    }

    public void handle(Exchange exchange) {
        Optional<Session> session = sessions.find(exchange.getRemoteSocketAddress());
        if (session.isEmpty()) {
            relationFile.over(exchange);
            refuse(exchange, GatewayEvent.PROXY_NO_SESSION, ObserveRelations.sessionOver());
            return;
        }
        Request request = exchange.getRequest();
        ProxyTarget target;
        OptionSet options;
        try {
            target = ProxyTarget.of(request.getOptions());
            if (!isOwner(session.get(), target.mac())) {
                throw new RefusedRequestException(ResponseCode.NOT_FOUND, GatewayEvent.PROXY_NOT_FOUND, NO_SUCH_DEVICE);
            }
            options = ForwardedOptions.ofRequest(request.getOptions());
            if (request.getOptions().hasBlock1() && !mayHaveBody(request.getCode())) {
                throw new RefusedRequestException(
                        ResponseCode.BAD_OPTION, GatewayEvent.PROXY_BAD_OPTION, "no body goes with this method");
            }
        } catch (RefusedRequestException refusal) {
            relationFile.over(exchange);
            refuse(exchange, refusal.event(), Answers.of(refusal.code(), refusal.getMessage()));
            return;
        }
        ResourceKey resource = ResourceKey.of(request.getCode(), target, options);
        target.path().forEach(options::addUriPath);
        target.query().forEach(options::addUriQuery);
        if (answerFromKept(exchange, resource)) {
            return;
        }
        byte[] body = request.getPayload();
        if (request.getOptions().hasBlock1()) {
            switch (bodies.take(session.get(), resource, request)) {
                case RequestBodies.Step.Whole(byte[] whole) -> body = whole;
                case RequestBodies.Step.Told(Response answer) -> {
                    exchange.sendResponse(answer);
                    return;
                }
            }
        }
        carryOn(
                exchange,
                session.get(),
                resource,
                new DeviceCall.Order(target.mac(), request.getCode(), options, body));
    }

    private static boolean mayHaveBody(Code method) {
        return method != Code.GET && method != Code.DELETE;
    }

    /// A further block of an answer that went out before. It may carry Observe, which then registers nothing.
    private boolean answerFromKept(Exchange exchange, ResourceKey resource) {
        BlockOption block = exchange.getRequest().getOptions().getBlock2();
        if (block == null || block.getNum() == 0) {
            return false;
        }
        Optional<Response> next = blocks.next(exchange.getRemoteSocketAddress(), resource, block);
        next.ifPresent(exchange::sendResponse);
        return next.isPresent();
    }

    private void carryOn(Exchange exchange, Session session, ResourceKey resource, DeviceCall.Order order) {
        Request request = exchange.getRequest();
        BlockOption block = request.getOptions().getBlock2();
        Integer observe = request.getCode() == Code.GET ? request.getOptions().getObserve() : null;
        boolean firstBlock = block == null || block.getNum() == 0;
        if (observe != null && observe == OBSERVE && firstBlock) {
            relations.register(observer(exchange, session), resource, withBlockSize(order, block));
            return;
        }
        if (observe != null && observe == OBSERVE_NO_MORE) {
            // The answer is the present state, which the device is asked for.
            relations.cancel(exchange, order.mac());
        }
        AnswerCache.Key key = new AnswerCache.Key(session.tenant(), resource.withoutEtag());
        if (request.getCode() == Code.GET && observe == null) {
            Optional<Body> kept = cache.fresh(key);
            if (kept.isPresent()) {
                counters.count(GatewayEvent.PROXY_CACHED);
                exchange.sendResponse(answerOf(exchange, resource, kept.get()));
                return;
            }
        }
        forgetWhatItChanges(resource);
        Reply reply = new Reply(exchange);
        Body tagged = request.getCode() == Code.GET ? cache.tagged(key).orElse(null) : null;
        Carried carried = new Carried(reply, session, resource, key, tagged);
        DeviceCall call = calls.start(withBlockSize(withEtag(order, tagged), block), session, carried);
        wait(reply, () -> {
            call.cancel();
            forgetWhatItChanges(resource);
        });
    }

    /// To be called before a request is carried on and at its end, whatever that is: what was read while it was
    /// under way may be from before, and a request that nobody answered may have been carried out (RFC 7252 §5.6).
    private void forgetWhatItChanges(ResourceKey resource) {
        if (!AnswerCache.isSafe(resource.method())) {
            cache.forget(resource.target().mac());
        }
    }

    private ObserveRelations.Observer observer(Exchange exchange, Session session) {
        Reply reply = new Reply(exchange);
        boolean resumed = relationFile.isResumed(exchange);
        if (!resumed) {
            wait(reply, () -> {});
        }
        return new ObserveRelations.Observer(
                reply, session, exchange.getRequest().getOptions().getBlock2(), resumed, relationFile.asked(exchange));
    }

    /// Whole, in blocks, or only that what the client has holds (RFC 7252 §5.6.2).
    private Response answerOf(Exchange exchange, ResourceKey resource, Body body) {
        OptionSet asked = exchange.getRequest().getOptions();
        byte[] etag = AnswerCache.etag(body.options());
        if (etag != null && asked.containsETag(etag)) {
            Response valid = Answers.of(ResponseCode.VALID);
            valid.getOptions().addETag(etag);
            valid.getOptions().setMaxAge(body.maxAge().toSeconds());
            return valid;
        }
        return blocks.first(exchange.getRemoteSocketAddress(), resource, body, asked.getBlock2());
    }

    /// Lets the device say that what is kept still holds.
    private static DeviceCall.Order withEtag(DeviceCall.Order order, @Nullable Body tagged) {
        byte[] etag = tagged == null ? null : AnswerCache.etag(tagged.options());
        if (etag == null || order.options().containsETag(etag)) {
            return order;
        }
        OptionSet options = new OptionSet(order.options());
        options.addETag(etag);
        return new DeviceCall.Order(order.mac(), order.method(), options, order.payload());
    }

    /// Tells the device the block size that the application wants, so that both links use it.
    private static DeviceCall.Order withBlockSize(DeviceCall.Order order, @Nullable BlockOption block) {
        if (block == null) {
            return order;
        }
        OptionSet options = new OptionSet(order.options());
        options.setBlock2(block.getSzx(), false, 0);
        return new DeviceCall.Order(order.mac(), order.method(), options, order.payload());
    }

    /// @param giveUp called when patience ends before the reply is sent
    private void wait(Reply reply, Runnable giveUp) {
        boolean confirmable = reply.exchange().getRequest().isConfirmable();
        reply.acknowledgeAfter(times.promptAck, timer);
        reply.giveUpAfter(confirmable ? times.confirmable : times.nonConfirmable, timer, () -> {
            giveUp.run();
            return unreachable();
        });
    }

    private Response unreachable() {
        counters.count(GatewayEvent.PROXY_UNREACHABLE);
        return Answers.of(ResponseCode.GATEWAY_TIMEOUT, "device does not answer");
    }

    /// What a request gets for which there is no room.
    static Response busy() {
        return Answers.unavailable(BUSY_RETRY_SECONDS, "too many requests wait for the device");
    }

    private void refuse(Exchange exchange, GatewayEvent event, Response response) {
        counters.count(event);
        exchange.sendResponse(response);
    }

    /// Carries a device's answer back.
    private final class Carried implements DeviceCall.Outcome {

        private final Reply reply;
        private final Session session;
        private final ResourceKey resource;
        private final AnswerCache.Key key;
        private final @Nullable Body tagged;
        private final long stamp;

        /// @param tagged what the device may say that it holds again; null if it is asked for nothing of the kind
        Carried(Reply reply, Session session, ResourceKey resource, AnswerCache.Key key, @Nullable Body tagged) {
            this.reply = reply;
            this.session = session;
            this.resource = resource;
            this.key = key;
            this.tagged = tagged;
            this.stamp = cache.stamp(resource.target().mac());
        }

        @Override
        public void answered(Request request, Registration device, Response response) {
            forgetWhatItChanges(resource);
            if (!reply.claim()) {
                return;
            }
            Exchange exchange = reply.exchange();
            if (refusal(session, resource.target().mac()).isPresent()) {
                // The endpoint may be somebody else's by now, or the device.
                refuse(exchange, GatewayEvent.PROXY_NO_SESSION, Answers.of(ResponseCode.UNAUTHORIZED));
                return;
            }
            try {
                Response answer = answerOf(Body.of(response));
                counters.count(GatewayEvent.PROXY_ANSWERED);
                exchange.sendResponse(marked(answer));
            } catch (RefusedRequestException refusal) {
                refuse(exchange, refusal.event(), Answers.of(refusal.code(), refusal.getMessage()));
            }
        }

        private Response answerOf(Body body) {
            Exchange exchange = reply.exchange();
            if (resource.method() == Code.GET) {
                if (body.code() == ResponseCode.VALID && tagged != null) {
                    Optional<Body> again = cache.validated(key, tagged, body, stamp);
                    if (again.isPresent()) {
                        return ForwardProxy.this.answerOf(exchange, resource, again.get());
                    }
                }
                cache.keep(key, body, stamp);
            }
            return blocks.first(
                    exchange.getRemoteSocketAddress(),
                    resource,
                    body,
                    exchange.getRequest().getOptions().getBlock2());
        }

        /// Says that the last block of the request arrived too (RFC 7959 §2.3).
        private Response marked(Response answer) {
            BlockOption last = reply.exchange().getRequest().getOptions().getBlock1();
            if (last != null) {
                answer.getOptions().setBlock1(last.getSzx(), false, last.getNum());
            }
            return answer;
        }

        @Override
        public void busy() {
            // It may have been sent to where the device was before.
            forgetWhatItChanges(resource);
            if (reply.claim()) {
                refuse(reply.exchange(), GatewayEvent.PROXY_BUSY, ForwardProxy.busy());
            }
        }

        @Override
        public void unreachable() {
            forgetWhatItChanges(resource);
            if (reply.claim()) {
                reply.exchange().sendResponse(ForwardProxy.this.unreachable());
            }
        }
    }
}
