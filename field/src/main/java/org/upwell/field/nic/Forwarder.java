// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.field.coap.CoapCode;
import org.upwell.field.loop.Loop;
import org.upwell.field.nic.GatewayClient.Answer;

/// Brings notifications to the gateway one by one, in order, each again and again until it is acknowledged by 2.04. The
/// gateway drops repeats by (mac, uri, boot, seq). Owned by the NIC's loop.
///
/// A 5.03 is waited out by its Max-Age; 4.01, 4.03 and 4.04 mean that the gateway does not know this address (any
/// more), so the NIC registers first. Only what the gateway calls malformed several times over (another 4.xx) is
/// given up, since it would hold up every alarm behind it.
final class Forwarder {
    private static final Logger LOG = LoggerFactory.getLogger(Forwarder.class);
    private static final int MAX_REFUSALS = 5;

    private final Loop loop;
    private final GatewayClient gateway;
    private final NotificationBuffer buffer;
    private final String mac;
    private final Backoff backoff;
    private final NicListener listener;
    private final Runnable register;
    private boolean open;
    private boolean underWay;
    private boolean closed;
    private boolean dropping;
    private int refusals;
    private Loop.@Nullable Timer timer;

    /// @param register asks for a new registration, after which [#open()] is called
    Forwarder(
            Loop loop,
            GatewayClient gateway,
            NotificationBuffer buffer,
            String mac,
            Backoff backoff,
            NicListener listener,
            Runnable register) {
        this.loop = loop;
        this.gateway = gateway;
        this.buffer = buffer;
        this.mac = mac;
        this.backoff = backoff;
        this.listener = listener;
        this.register = register;
    }

    void add(Notification notification) {
        Notification dropped = buffer.add(notification);
        listener.onBuffered(notification);
        if (dropped != null) {
            if (!dropping) {
                // Once in an outage, which may last long.
                LOG.warn("{}: buffer full, the oldest of {} notifications are dropped from now on", mac, buffer.size());
            }
            dropping = true;
            LOG.debug("{}: dropped boot {} sequence {}", mac, dropped.boot(), dropped.sequence());
            listener.onDropped(dropped, "buffer full");
        }
        next();
    }

    /// The gateway knows the present address.
    void open() {
        open = true;
        if (timer == null) {
            next();
        }
    }

    /// The address has changed: nothing goes out until [#open()].
    void hold() {
        open = false;
    }

    int waiting() {
        return buffer.size();
    }

    void close() {
        closed = true;
        if (timer != null) {
            timer.cancel();
        }
        buffer.close();
    }

    private void next() {
        if (!open || underWay || closed || timer != null) {
            return;
        }
        Notification notification = buffer.first();
        if (notification == null) {
            return;
        }
        underWay = true;
        List<String> queries = List.of(
                "mac=" + mac,
                "uri=" + notification.uri(),
                "boot=" + notification.boot(),
                "seq=" + notification.sequence());
        GatewayClient.Post request = new GatewayClient.Post(
                "/bubbleup/" + notification.kind().word(),
                queries,
                notification.contentFormat(),
                notification.confirmable(),
                notification.payload());
        gateway.post(request, answer -> onAnswer(notification, answer));
    }

    private void onAnswer(Notification notification, Answer answer) {
        underWay = false;
        if (closed) {
            return;
        }
        Notification first = buffer.first();
        if (first == null || !first.hasNumbersOf(notification)) {
            // It had to make room meanwhile.
            next();
            return;
        }
        int code = answer instanceof Answer.Response response ? response.code() : 0;
        if (CoapCode.isSuccess(code)) {
            buffer.removeFirst();
            dropping = false;
            refusals = 0;
            backoff.reset();
            listener.onAcknowledged(notification);
            next();
            return;
        }
        if (isUnknownAddress(code)) {
            open = false;
            register.run();
        } else if (code >> 5 == 4 && ++refusals >= MAX_REFUSALS) {
            LOG.warn(
                    "{}: gateway refuses sequence {} with {}, given up",
                    mac,
                    notification.sequence(),
                    CoapCode.text(code));
            buffer.removeFirst();
            refusals = 0;
            listener.onDropped(notification, "refused with " + CoapCode.text(code));
        }
        timer = loop.after(backoff.next(answer), () -> {
            timer = null;
            next();
        });
    }

    private static boolean isUnknownAddress(int code) {
        return code == CoapCode.UNAUTHORIZED || code == CoapCode.FORBIDDEN || code == CoapCode.NOT_FOUND;
    }
}
