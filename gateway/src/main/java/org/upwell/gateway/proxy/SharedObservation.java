// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.proxy;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Future;
import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.OptionSet;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.coap.Token;
import org.eclipse.californium.core.observe.ObserveNotificationOrderer;
import org.eclipse.californium.elements.AddressEndpointContext;
import org.jspecify.annotations.Nullable;
import org.upwell.access.Mac;
import org.upwell.gateway.coap.Answers;
import org.upwell.gateway.event.GatewayEvent;
import org.upwell.gateway.field.Registration;
import org.upwell.gateway.proxy.ObserveRelations.Observer;

/// One observe relation with a device; the applications that share it are its [Followers]. Guarded by the lock of
/// [ObserveRelations].
///
/// The relation ends when nobody waits or follows, or when the device says so, which is then passed on. A device
/// that falls silent is registered with again, of which applications notice nothing but the gap.
final class SharedObservation {

    private final ObserveRelations relations;
    private final ResourceKey resource;
    private final DeviceCall.Order order;
    private final Followers followers;
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
        this.followers = new Followers(relations, this);
    }

    Mac mac() {
        return order.mac();
    }

    ResourceKey resource() {
        return resource;
    }

    /// The applications' side.
    Followers followers() {
        return followers;
    }

    void join(Observer observer) {
        synchronized (relations) {
            if (observer.resumed()) {
                followers.resume(observer);
                if (upstream == null) {
                    register();
                }
            } else if (upstream != null && latest != null) {
                followers.follow(observer);
            } else {
                followers.await(observer);
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
        DeviceCall call = relations.calls.start(order, followers.firstToWait(), token, outcome);
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
        followers.giveUpWaiting(why);
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
                if (isForNow(response) && followers.getObserverCount() > 0) {
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
                followers.tell(told);
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
            followers.tell(told);
        }
        followers.admitWaiting();
        closeIfUnused();
    }

    private void keep(Body body) {
        relations.news(resource.target());
        latest = body;
        latestNanos = relations.clockwork.nanoClock().getAsLong();
    }

    /// What the device said last, with what is left of its Max-Age. Not before it has said anything.
    Body known() {
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
                followers.tell(body);
            } catch (RefusedRequestException refusal) {
                end(Answers.of(refusal.code(), refusal.getMessage()));
            }
        }
    }

    /// The relation stands, and brought more than an empty answer.
    boolean hasReading() {
        return upstream != null && latest != null && latest.payload().length > 0;
    }

    boolean isClosed() {
        return closed;
    }

    /// The device will send no more: everybody gets its last word, and an error if that was none.
    private void end(Response lastWord) {
        followers.end(lastWord);
        close(false);
    }

    /// Called under the lock.
    void closeIfUnused() {
        if (followers.isEmpty()) {
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
}
