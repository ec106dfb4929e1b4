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
import org.upwell.gateway.field.AccessPoint;
import org.upwell.gateway.field.Registration;
import org.upwell.gateway.proxy.SendTurns.Turn;
import org.upwell.gateway.session.Session;

/// One request to a device, sent to where the device is and again to where it went meanwhile.
///
/// Always confirmable, whatever the application used: the mesh loses more than the application's network. The
/// outcome is told once, on a protocol stage's thread. Safe for all threads.
final class DeviceCall implements SendTurns.Waiter {

    /// What is to be sent. `options` include the Uri options; neither is written to.
    record Order(Mac mac, Code method, OptionSet options, byte[] payload) {

        /// Whether it goes after a device that moves: if a second copy does no more than the first (RFC 7252 §5.1).
        /// A registration does not, since [SharedObservation] makes another for a device that is elsewhere.
        boolean follows() {
            return method != Code.POST && method != Code.PATCH && !options.hasObserve();
        }

        SendTurns.Resource resource() {
            return new SendTurns.Resource(method, options.getUriString());
        }
    }

    /// Hears of the outcome, once.
    interface Outcome {

        void answered(Request request, Registration device, Response response);

        void unreachable();

        /// Too many wait for the device already.
        void busy();
    }

    private static final int MAX_PLACES = 3;

    private final DeviceCalls calls;
    private final Order order;
    private final @Nullable Session session;
    private final @Nullable Token token;
    private final Outcome outcome;
    private @Nullable Turn turn;
    private @Nullable Copy current;
    private boolean over;
    private int places;

    /// @param session for whom; null if for the gateway
    /// @param token null for a new one
    DeviceCall(DeviceCalls calls, Order order, @Nullable Session session, @Nullable Token token, Outcome outcome) {
        this.calls = calls;
        this.order = order;
        this.session = session;
        this.token = token;
        this.outcome = outcome;
    }

    Mac mac() {
        return order.mac;
    }

    /// Sends as soon as it is this call's turn, or tells at once that the device is nowhere or too busy.
    void start() {
        Registration device = calls.find(order.mac);
        if (device == null) {
            fail();
            return;
        }
        Turn asked = calls.turn(order, AccessPoint.of(device.address()), session, this);
        synchronized (this) {
            if (over || turn != null) {
                // Somebody else was faster, and this one was not asked for yet.
                return;
            }
            turn = asked;
        }
        switch (asked.ask()) {
            case NOW -> go(asked);
            case LATER -> {
                // The turn comes, or the call is cancelled.
            }
            case FULL -> displaced(asked);
        }
    }

    private void tooBusy() {
        if (finish()) {
            outcome.busy();
        }
    }

    @Override
    public void displaced(Turn lost) {
        synchronized (this) {
            if (!lost.equals(turn)) {
                return;
            }
        }
        tooBusy();
    }

    @Override
    public void go(Turn given) {
        Registration device = calls.find(order.mac);
        synchronized (this) {
            if (over || !given.equals(turn)) {
                given.release();
                return;
            }
        }
        if (device == null) {
            fail();
        } else if (AccessPoint.of(device.address()).equals(given.accessPoint())) {
            send(device, given);
        } else {
            // It moved while the call waited. Who takes the turn away, here or in [#deviceMoved], asks for another;
            // if both did, one of the two would never be given back.
            synchronized (this) {
                if (!given.equals(turn)) {
                    return;
                }
                turn = null;
            }
            given.release();
            start();
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
        end();
        if (abandoned != null) {
            abandoned.request.cancel();
        }
    }

    /// The device registered from elsewhere. What it has not answered is sent there, unless that might do a thing
    /// twice: an answer that it only acknowledged before would come from an address that nobody asked.
    void deviceMoved(Registration now) {
        Copy abandoned;
        Turn former;
        synchronized (this) {
            abandoned = current;
            former = turn;
            boolean waits =
                    abandoned == null && former != null && !former.accessPoint().equals(AccessPoint.of(now.address()));
            boolean elsewhere = abandoned != null && !abandoned.isAt(now);
            if (over || !(waits || elsewhere)) {
                return;
            }
            if (elsewhere && !order.follows()) {
                // It may still be answered from there, but the device is no longer busy with it.
                abandoned = null;
            } else {
                current = null;
                turn = null;
            }
        }
        if (former != null) {
            former.release();
        }
        if (abandoned != null) {
            abandoned.request.cancel();
            calls.count(GatewayEvent.PROXY_REDIRECTED);
        }
        if (hasNoTurn()) {
            start();
        }
    }

    private synchronized boolean hasNoTurn() {
        return turn == null;
    }

    private void send(Registration device, Turn given) {
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
        Copy copy = new Copy(request, device, given);
        request.addMessageObserver(copy);
        synchronized (this) {
            if (over || !given.equals(turn)) {
                given.release();
                return;
            }
            current = copy;
            places++;
        }
        device.endpoint().sendRequest(request);
    }

    /// No answer where the device was. It may have gone elsewhere while we tried.
    private void noAnswer(Copy copy) {
        copy.turn.release();
        Registration now = calls.find(order.mac);
        boolean again;
        synchronized (this) {
            if (over || current != copy) {
                return;
            }
            again = now != null && !copy.isAt(now) && order.follows() && places < MAX_PLACES;
            if (again) {
                current = null;
                turn = null;
            }
        }
        if (again) {
            calls.count(GatewayEvent.PROXY_REDIRECTED);
            start();
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
        end();
        return true;
    }

    private void end() {
        calls.remove(this);
        Turn last;
        synchronized (this) {
            last = turn;
        }
        if (last != null) {
            last.release();
        }
    }

    private synchronized boolean isCurrent(Copy copy) {
        return current == copy;
    }

    /// One copy of the request, sent to one place. A copy that was given up is not heard any more.
    private final class Copy extends MessageObserverAdapter {

        private final Request request;
        private final Registration device;
        private final Turn turn;
        // Of the exchange's executor.
        private boolean begun;
        private boolean again;

        Copy(Request request, Registration device, Turn turn) {
            this.request = request;
            this.device = device;
            this.turn = turn;
        }

        boolean isAt(Registration other) {
            return device.address().equals(other.address());
        }

        @Override
        public void onResponse(Response response) {
            turn.release();
            if (isCurrent(this) && finish()) {
                outcome.answered(request, device, response);
            }
        }

        /// The library sends a message: the request, or after that the next block of it or of its answer, or any of
        /// them again.
        @Override
        public void onReadyToSend() {
            if (begun && !again) {
                turn.goesOn();
            }
            begun = true;
            again = false;
        }

        @Override
        public void onAcknowledgement() {
            turn.acknowledged();
        }

        @Override
        public void onRetransmission() {
            again = true;
            turn.heard();
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
