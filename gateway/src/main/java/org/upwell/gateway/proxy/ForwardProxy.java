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

    /// See [Reply]; the field protocol §4 gives the reasons for the two kinds of patience. `silence` is how much longer
    /// than Max-Age a device may be silent towards observers.
    public record Times(Duration promptAck, Duration confirmable, Duration nonConfirmable, Duration silence) {}

    private static final int OBSERVE = 0;
    private static final int OBSERVE_NO_MORE = 1;

    private final Times times;
    private final Sessions sessions;
    private final DeviceOwners owners;
    private final GatewayCounters counters;
    private final ScheduledExecutorService timer;
    private final DeviceCalls calls;
    private final BodyBlocks blocks;
    private final ObserveRelations relations;

    /// @param configuration of the application listener
    /// @param epochSeconds the time of the start
    public ForwardProxy(
            Times times,
            Configuration configuration,
            Sessions sessions,
            DeviceOwners owners,
            AddressBook devices,
            GatewayCounters counters,
            ScheduledExecutorService timer,
            long epochSeconds) {
        this.times = times;
        this.sessions = sessions;
        this.owners = owners;
        this.counters = counters;
        this.timer = timer;
        this.calls = new DeviceCalls(devices, counters, timer);
        this.blocks = new BodyBlocks(System::nanoTime);
        this.relations = new ObserveRelations(
                calls,
                blocks,
                counters,
                configuration,
                this::mayReach,
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

    /// Says that a device has another owner now.
    public void ownerChanged(Mac mac) {
        relations.ownerChanged(mac);
    }

    private boolean mayReach(Session session, Mac mac) {
        return sessions.isOpen(session)
                && owners.ownerOf(mac).filter(session.tenant()::equals).isPresent();
    }

    public void handle(Exchange exchange) {
        Optional<Session> session = sessions.find(exchange.getRemoteSocketAddress());
        if (session.isEmpty()) {
            refuse(exchange, GatewayEvent.PROXY_NO_SESSION, Answers.of(ResponseCode.UNAUTHORIZED, "no session"));
            return;
        }
        Request request = exchange.getRequest();
        ProxyTarget target;
        OptionSet options;
        try {
            target = ProxyTarget.of(request.getOptions());
            if (!mayReach(session.get(), target.mac())) {
                // Not 4.03: whether a device exists is its owner's business.
                throw new RefusedRequestException(
                        ResponseCode.NOT_FOUND, GatewayEvent.PROXY_NOT_FOUND, "no such device");
            }
            options = ForwardedOptions.ofRequest(request.getOptions());
        } catch (RefusedRequestException refusal) {
            refuse(exchange, refusal.event(), Answers.of(refusal.code(), refusal.getMessage()));
            return;
        }
        ResourceKey resource = ResourceKey.of(request.getCode(), target, options);
        target.path().forEach(options::addUriPath);
        target.query().forEach(options::addUriQuery);
        DeviceCall.Order order = new DeviceCall.Order(target.mac(), request.getCode(), options, request.getPayload());
        if (!answerFromKept(exchange, resource)) {
            carryOn(exchange, session.get(), resource, order);
        }
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
            Reply reply = new Reply(exchange);
            wait(reply, null);
            relations.register(
                    new ObserveRelations.Observer(reply, session, block), resource, withBlockSize(order, block));
            return;
        }
        if (observe != null && observe == OBSERVE_NO_MORE) {
            // The answer is the present state, which the device is asked for.
            relations.cancel(exchange);
        }
        Reply reply = new Reply(exchange);
        DeviceCall call = calls.start(withBlockSize(order, block), new Carried(reply, session, resource, block));
        wait(reply, call);
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

    private void wait(Reply reply, @Nullable DeviceCall call) {
        boolean confirmable = reply.exchange().getRequest().isConfirmable();
        reply.acknowledgeAfter(times.promptAck, timer);
        reply.giveUpAfter(confirmable ? times.confirmable : times.nonConfirmable, timer, () -> {
            if (call != null) {
                call.cancel();
            }
            return unreachable();
        });
    }

    private Response unreachable() {
        counters.count(GatewayEvent.PROXY_UNREACHABLE);
        return Answers.of(ResponseCode.GATEWAY_TIMEOUT, "device does not answer");
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
        private final @Nullable BlockOption block;

        Carried(Reply reply, Session session, ResourceKey resource, @Nullable BlockOption block) {
            this.reply = reply;
            this.session = session;
            this.resource = resource;
            this.block = block;
        }

        @Override
        public void answered(Request request, Registration device, Response response) {
            if (!reply.claim()) {
                return;
            }
            Exchange exchange = reply.exchange();
            if (!mayReach(session, resource.target().mac())) {
                // The endpoint may be somebody else's by now, or the device.
                refuse(exchange, GatewayEvent.PROXY_NO_SESSION, Answers.of(ResponseCode.UNAUTHORIZED));
                return;
            }
            try {
                Body body = Body.of(response);
                counters.count(GatewayEvent.PROXY_ANSWERED);
                exchange.sendResponse(blocks.first(exchange.getRemoteSocketAddress(), resource, body, block));
            } catch (RefusedRequestException refusal) {
                refuse(exchange, refusal.event(), Answers.of(refusal.code(), refusal.getMessage()));
            }
        }

        @Override
        public void unreachable() {
            if (reply.claim()) {
                reply.exchange().sendResponse(ForwardProxy.this.unreachable());
            }
        }
    }
}
