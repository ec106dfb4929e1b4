// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.traffic;

import java.net.InetSocketAddress;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.EmptyMessage;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.interceptors.MessageInterceptor;
import org.jspecify.annotations.Nullable;
import org.upwell.access.DeviceOwners;
import org.upwell.gateway.field.AccessPoint;
import org.upwell.gateway.field.AddressBook;

/// Counts answers by tenant and by access point: the code of an answer is the outcome of a request. Every copy that
/// goes out or comes in counts. How many tenants and access points are told apart is bounded; the rest are counted
/// together as [#OTHERS]. Safe for all threads.
public final class AnswerCounters {

    /// Whose answers these are.
    public enum Traffic {
        /// The gateway's to devices: registrations and notifications.
        TO_DEVICES,
        /// The devices' to requests that were carried on.
        FROM_DEVICES,
        /// The gateway's to applications, the devices' that it carries back included.
        TO_APPLICATIONS
    }

    /// By what is counted.
    public enum Dimension {
        TENANT,
        ACCESS_POINT
    }

    /// What one number is about.
    ///
    /// @param name a tenant's or an access point's
    public record Label(Dimension dimension, String name, Traffic traffic, ResponseCode code) {}

    public record Count(Label label, long count) {}

    /// Tenants, and access points, that are told apart.
    static final int MAX_NAMES = 1_000;

    /// Stands for all further ones. Neither is called so.
    public static final String OTHERS = "/others";

    /// Stands for whoever has no session, and for devices that belong to nobody.
    public static final String NOBODY = "/nobody";

    private final AddressBook devices;
    private final DeviceOwners owners;
    private final Function<InetSocketAddress, Optional<String>> tenants;
    private final Map<Label, LongAdder> counts = new ConcurrentHashMap<>();
    private final Map<String, String> tenantNames = new ConcurrentHashMap<>();
    private final Map<AccessPoint, String> accessPointNames = new ConcurrentHashMap<>();
    private volatile @Nullable BiConsumer<Label, LongAdder> listener;

    /// @param tenants whose session there is at an application's address
    public AnswerCounters(
            AddressBook devices, DeviceOwners owners, Function<InetSocketAddress, Optional<String>> tenants) {
        this.devices = devices;
        this.owners = owners;
        this.tenants = tenants;
    }

    /// Has `newListener` called once or more with every number there is and will be; must be quick.
    public void onLabel(BiConsumer<Label, LongAdder> newListener) {
        listener = newListener;
        counts.forEach(newListener);
    }

    /// All numbers at about this moment, in the order of their labels.
    public List<Count> snapshot() {
        return counts.entrySet().stream()
                .map(entry -> new Count(entry.getKey(), entry.getValue().sum()))
                .sorted(Comparator.comparing((Count count) -> count.label().dimension())
                        .thenComparing(count -> count.label().name())
                        .thenComparing(count -> count.label().traffic())
                        .thenComparing(count -> count.label().code()))
                .toList();
    }

    /// Watches the devices' listener.
    public MessageInterceptor ofField() {
        return new Watch() {
            @Override
            public void sendResponse(Response response) {
                device(response.getDestinationContext().getPeerAddress(), Traffic.TO_DEVICES, response);
            }

            @Override
            public void receiveResponse(Response response) {
                device(response.getSourceContext().getPeerAddress(), Traffic.FROM_DEVICES, response);
            }
        };
    }

    /// Watches the applications' listener.
    public MessageInterceptor ofApplications() {
        return new Watch() {
            @Override
            public void sendResponse(Response response) {
                InetSocketAddress peer = response.getDestinationContext().getPeerAddress();
                countTenant(tenants.apply(peer).orElse(NOBODY), Traffic.TO_APPLICATIONS, response);
            }
        };
    }

    private void device(InetSocketAddress peer, Traffic traffic, Response response) {
        Optional<String> owner = devices.at(peer).flatMap(device -> owners.ownerOf(device.mac()));
        countTenant(owner.orElse(NOBODY), traffic, response);
        count(Dimension.ACCESS_POINT, name(accessPointNames, AccessPoint.of(peer)), traffic, response);
    }

    private void countTenant(String tenant, Traffic traffic, Response response) {
        count(Dimension.TENANT, name(tenantNames, tenant), traffic, response);
    }

    /// Its text, made once.
    private static <T> String name(Map<T, String> known, T whose) {
        String name = known.get(whose);
        if (name != null) {
            return name;
        }
        // Threads that meet here may pass the bound by as many as they are.
        return known.size() < MAX_NAMES ? known.computeIfAbsent(whose, Object::toString) : OTHERS;
    }

    private void count(Dimension dimension, String name, Traffic traffic, Response response) {
        Label label = new Label(dimension, name, traffic, response.getCode());
        LongAdder adder = counts.get(label);
        if (adder == null) {
            adder = added(label);
        }
        adder.increment();
    }

    private LongAdder added(Label label) {
        LongAdder fresh = new LongAdder();
        LongAdder before = counts.putIfAbsent(label, fresh);
        if (before != null) {
            return before;
        }
        BiConsumer<Label, LongAdder> told = listener;
        if (told != null) {
            told.accept(label, fresh);
        }
        return fresh;
    }

    /// Hears of everything and does nothing about most.
    private abstract static class Watch implements MessageInterceptor {

        @Override
        public void sendRequest(Request request) {
            // Its answer counts.
        }

        @Override
        public void sendEmptyMessage(EmptyMessage message) {
            // No answer.
        }

        @Override
        public void receiveRequest(Request request) {
            // Its answer counts.
        }

        @Override
        public void receiveResponse(Response response) {
            // Applications answer nothing.
        }

        @Override
        public void receiveEmptyMessage(EmptyMessage message) {
            // No answer.
        }
    }
}
