// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.upwell.field.coap.CoapCode;
import org.upwell.field.coap.CoapMessage;
import org.upwell.field.coap.CoapOption;
import org.upwell.field.coap.CoapType;

/// Who observes which NIC (RFC 7641). A NIC that nobody observes costs nothing here. Owned by its field's loop.
///
/// Message IDs of notifications have their high bit set, those of what a NIC asks have not, so that neither is
/// taken for a repeat of the other.
final class NicObservers {
    /// Where notifications go.
    interface Link {
        void send(int device, byte[] peer, byte[] datagram);
    }

    /// Of one device; a new one beyond that is answered like any GET, which tells it so.
    static final int MAX_RELATIONS = 8;

    /// Every so many notifications one is confirmable, to find observers that are gone (RFC 7641 §4.5).
    static final int CONFIRM_EVERY = 8;

    static final int NOTIFICATION_IDS = 0x8000;

    private static final int NOBODY = -1;
    private static final int OBSERVE_BITS = 0xFF_FFFF;
    private static final Set<String> OBSERVABLE =
            Set.of(Telemetry.Kind.READING.uri(), "/time", "/battery", "/signal", "/power");

    private static final class Relation {
        private final byte[] peer;
        private final CoapMessage request;
        private int sent;
        private int lastId = NOBODY;
        /// Of the latest confirmable one, while it is not acknowledged.
        private int unconfirmedId = NOBODY;

        private Relation(byte[] peer, CoapMessage request) {
            this.peer = peer;
            this.request = request;
        }

        private boolean isOf(byte[] otherPeer, byte[] token) {
            return Arrays.equals(peer, otherPeer) && Arrays.equals(request.token(), token);
        }

        private boolean isNumbered(byte[] otherPeer, int messageId) {
            return Arrays.equals(peer, otherPeer) && (messageId == lastId || messageId == unconfirmedId);
        }
    }

    /// Stays when its last relation goes, so that message IDs go on.
    private static final class Observed {
        private final List<Relation> relations = new ArrayList<>(1);
        private int nextId;
    }

    private final Map<Integer, Observed> byDevice = new HashMap<>();
    private final Link link;
    private final long maxAgeSeconds;

    /// @param maxAgeSeconds by which the next notification comes
    NicObservers(Link link, long maxAgeSeconds) {
        this.link = link;
        this.maxAgeSeconds = maxAgeSeconds;
    }

    /// The answer to a GET, turned into that to an observer if the request wants and gets a relation.
    CoapMessage answered(int device, byte[] peer, CoapMessage request, CoapMessage answer) {
        long observe =
                request.option(CoapOption.OBSERVE).map(CoapOption::uintValue).orElse((long) NOBODY);
        if (request.code() != CoapCode.GET || observe == NOBODY) {
            return answer;
        }
        Observed observed = byDevice.get(device);
        if (observed != null) {
            // The same token again renews its relation, RFC 7641 §4.1.
            observed.relations.removeIf(relation -> relation.isOf(peer, request.token()));
        }
        boolean full = observed != null && observed.relations.size() >= MAX_RELATIONS;
        if (observe != 0 || full || answer.code() != CoapCode.CONTENT || !OBSERVABLE.contains(request.path())) {
            return answer;
        }
        Relation relation = new Relation(peer, request);
        byDevice.computeIfAbsent(device, _ -> new Observed()).relations.add(relation);
        return with(answer, answer.type(), answer.messageId(), relation.sent);
    }

    /// Tells every observer of the device what its resource is like now.
    ///
    /// @param only the path that has changed; empty for all
    /// @param confirms whether the device hears acknowledgements
    void onChange(int device, String only, boolean confirms, Now now) {
        Observed observed = byDevice.get(device);
        if (observed == null) {
            return;
        }
        for (Relation relation : List.copyOf(observed.relations)) {
            if (only.isEmpty() || relation.request.path().equals(only)) {
                notify(device, observed, relation, confirms, now.answer(relation.request));
            }
        }
    }

    /// What a request would be answered now.
    interface Now {
        CoapMessage answer(CoapMessage request);
    }

    private void notify(int device, Observed observed, Relation relation, boolean confirms, CoapMessage answer) {
        relation.sent++;
        boolean confirmable = confirms && relation.sent % CONFIRM_EVERY == 0;
        if (confirmable && relation.unconfirmedId != NOBODY) {
            observed.relations.remove(relation);
            return;
        }
        int id = NOTIFICATION_IDS | (observed.nextId++ & (NOTIFICATION_IDS - 1));
        relation.lastId = id;
        if (confirmable) {
            relation.unconfirmedId = id;
        }
        CoapType type = confirmable ? CoapType.CONFIRMABLE : CoapType.NON_CONFIRMABLE;
        link.send(device, relation.peer, with(answer, type, id, relation.sent).encode());
    }

    private CoapMessage with(CoapMessage answer, CoapType type, int messageId, int number) {
        CoapMessage.Builder builder =
                CoapMessage.of(type, answer.code(), messageId).token(answer.token());
        builder.option(CoapOption.uint(CoapOption.OBSERVE, (number + 1L) & OBSERVE_BITS));
        builder.option(CoapOption.uint(CoapOption.MAX_AGE, maxAgeSeconds));
        answer.options().forEach(builder::option);
        return builder.payload(answer.payload()).build();
    }

    /// An observer's answer to a notification. False if it is to none.
    boolean onAnswer(int device, byte[] peer, CoapMessage answer) {
        Observed observed = byDevice.get(device);
        if (observed == null) {
            return false;
        }
        int id = answer.messageId();
        if (answer.type() == CoapType.RESET) {
            return observed.relations.removeIf(relation -> relation.isNumbered(peer, id));
        }
        for (Relation relation : observed.relations) {
            if (relation.isNumbered(peer, id)) {
                relation.unconfirmedId = NOBODY;
                return true;
            }
        }
        return false;
    }

    /// The device has lost its power, and with it its memory.
    void forget(int device) {
        byDevice.remove(device);
    }

    int count(int device) {
        Observed observed = byDevice.get(device);
        return observed == null ? 0 : observed.relations.size();
    }
}
