// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.proxy;

import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.coap.CoAP.Code;
import org.eclipse.californium.core.coap.MessageObserverAdapter;
import org.eclipse.californium.core.coap.OptionSet;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.coap.Token;
import org.eclipse.californium.elements.AddressEndpointContext;
import org.jspecify.annotations.Nullable;
import org.upwell.access.Mac;
import org.upwell.gateway.event.GatewayEvent;
import org.upwell.gateway.field.Registration;

/// One request to a device, sent to where the device is and again to where it went meanwhile.
///
/// Always confirmable, whatever the application used: the mesh loses more than the application's network. The outcome
/// is told once, on a protocol stage's thread. Safe for all threads.
final class DeviceCall {

    /// What is to be sent. `options` include the Uri options; neither is written to.
    record Order(Mac mac, Code method, OptionSet options, byte[] payload) {

        /// Whether a second copy does no more than the first (RFC 7252 §5.1).
        boolean isIdempotent() {
            return method != Code.POST && method != Code.PATCH;
        }
    }

    /// Hears of the outcome; one of the last two, once.
    interface Outcome {

        void answered(Request request, Registration device, Response response);

        void unreachable();
    }

    private static final int MAX_PLACES = 3;

    private final DeviceCalls calls;
    private final Order order;
    private final @Nullable Token token;
    private final Outcome outcome;
    private @Nullable Copy current;
    private boolean over;
    private int places;

    /// @param token null for a new one
    DeviceCall(DeviceCalls calls, Order order, @Nullable Token token, Outcome outcome) {
        this.calls = calls;
        this.order = order;
        this.token = token;
        this.outcome = outcome;
    }

    Mac mac() {
        return order.mac;
    }

    /// Sends, or tells at once that the device is nowhere.
    void start() {
        Registration device = calls.find(order.mac);
        if (device == null) {
            fail();
        } else {
            send(device);
        }
    }

    /// Ends the call; its outcome is no longer told.
    void cancel() {
        Copy abandoned;
        synchronized (this) {
            over = true;
            abandoned = current;
            current = null;
        }
        calls.remove(this);
        if (abandoned != null) {
            abandoned.request.cancel();
        }
    }

    /// The device registered from elsewhere. What it did not even acknowledge is sent there, unless that might do a
    /// thing twice.
    void deviceMoved(Registration now) {
        Copy abandoned;
        synchronized (this) {
            abandoned = current;
            boolean follow = !over
                    && abandoned != null
                    && !abandoned.request.isAcknowledged()
                    && order.isIdempotent()
                    && !abandoned.isAt(now);
            if (!follow) {
                return;
            }
            current = null;
        }
        if (abandoned != null) {
            abandoned.request.cancel();
        }
        calls.count(GatewayEvent.PROXY_REDIRECTED);
        send(now);
    }

    private void send(Registration device) {
        Request request = new Request(order.method, CoAP.Type.CON);
        request.setOptions(new OptionSet(order.options));
        if (order.payload.length > 0) {
            if (!request.isIntendedPayload()) {
                request.setUnintendedPayload();
            }
            request.setPayload(order.payload);
        }
        if (token != null) {
            request.setToken(token);
        }
        request.setDestinationContext(new AddressEndpointContext(device.address()));
        Copy copy = new Copy(request, device);
        request.addMessageObserver(copy);
        synchronized (this) {
            if (over) {
                return;
            }
            current = copy;
            places++;
        }
        device.endpoint().sendRequest(request);
    }

    /// No answer where the device was. It may have gone elsewhere while we tried.
    private void noAnswer(Copy copy) {
        Registration now = calls.find(order.mac);
        boolean again;
        synchronized (this) {
            if (over || current != copy) {
                return;
            }
            again = now != null && !copy.isAt(now) && order.isIdempotent() && places < MAX_PLACES;
        }
        if (again && now != null) {
            calls.count(GatewayEvent.PROXY_REDIRECTED);
            send(now);
        } else {
            fail();
        }
    }

    private void fail() {
        if (finish()) {
            outcome.unreachable();
        }
    }

    private boolean finish() {
        synchronized (this) {
            if (over) {
                return false;
            }
            over = true;
        }
        calls.remove(this);
        return true;
    }

    private synchronized boolean isCurrent(Copy copy) {
        return current == copy;
    }

    /// One copy of the request, sent to one place. A copy that was given up is not heard any more.
    private final class Copy extends MessageObserverAdapter {

        private final Request request;
        private final Registration device;

        Copy(Request request, Registration device) {
            this.request = request;
            this.device = device;
        }

        boolean isAt(Registration other) {
            return device.address().equals(other.address());
        }

        @Override
        public void onResponse(Response response) {
            if (isCurrent(this) && finish()) {
                outcome.answered(request, device, response);
            }
        }

        /// Timeout, RST or an error in sending.
        @Override
        protected void failed() {
            noAnswer(this);
        }

        /// By us, in which case it is not current any more, or because the endpoint stopped.
        @Override
        public void onCancel() {
            noAnswer(this);
        }
    }
}
