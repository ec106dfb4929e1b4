// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.field;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.eclipse.californium.core.network.Endpoint;
import org.jspecify.annotations.Nullable;
import org.upwell.access.Mac;
import org.upwell.gateway.coap.PeerKey;

/// Knows where each device is. A device is in it from its registration until it missed two.
///
/// One address belongs to one device: whoever registered from it last, since meshes hand addresses out again. Safe
/// for all threads; a change and the calls of the listeners for it are one step, so that listeners see changes in
/// order. Listeners must be quick and must not change the book.
public final class AddressBook {

    /// Why a device is no longer in the book.
    public enum Departure {
        /// It did not register again in time.
        MISSED_REGISTRATIONS,
        /// Another device has its address now.
        ADDRESS_TAKEN
    }

    /// Hears of changes, on the thread that made them.
    public interface Listener {

        /// @param previous the state before, null for a device that was not in the book
        void registered(@Nullable Registration previous, Registration current);

        void departed(Registration last, Departure why);
    }

    private final int capacity;
    private final Duration patience;
    private final Map<Mac, Registration> byMac = new HashMap<>();
    private final Map<Object, Registration> byAddress = new HashMap<>();
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();

    /// @param capacity how many devices it may hold
    /// @param patience how long after its last registration a device counts as there
    public AddressBook(int capacity, Duration patience) {
        this.capacity = capacity;
        this.patience = patience;
    }

    public void addListener(Listener listener) {
        listeners.add(listener);
    }

    /// Enters or refreshes a device.
    ///
    /// @return the state before, empty for a device that was not in the book
    /// @throws AddressBookFullException if the device is new and there is no room for it
    public synchronized Optional<Registration> register(
            Mac mac, InetSocketAddress address, Endpoint endpoint, long boot, Instant now)
            throws AddressBookFullException {
        Registration previous = byMac.get(mac);
        if (previous == null && byMac.size() >= capacity) {
            throw new AddressBookFullException();
        }
        Registration other = byAddress.get(PeerKey.of(address));
        if (other != null && !other.mac().equals(mac)) {
            remove(other, Departure.ADDRESS_TAKEN);
        }
        Instant since = previous != null && previous.address().equals(address) && previous.boot() == boot
                ? previous.since()
                : now;
        Registration current = new Registration(mac, address, endpoint, boot, since, now);
        if (previous != null && !previous.address().equals(address)) {
            byAddress.remove(PeerKey.of(previous.address()));
        }
        byMac.put(mac, current);
        byAddress.put(PeerKey.of(address), current);
        listeners.forEach(listener -> listener.registered(previous, current));
        return Optional.ofNullable(previous);
    }

    /// Enters a device that an earlier process knew, unless it or its address was heard of since; nobody hears of
    /// it.
    synchronized void restore(Registration registration) {
        if (byMac.size() < capacity
                && !byMac.containsKey(registration.mac())
                && !byAddress.containsKey(PeerKey.of(registration.address()))) {
            byMac.put(registration.mac(), registration);
            byAddress.put(PeerKey.of(registration.address()), registration);
        }
    }

    /// All devices at this moment.
    public synchronized List<Registration> all() {
        return new ArrayList<>(byMac.values());
    }

    public synchronized Optional<Registration> find(Mac mac) {
        return Optional.ofNullable(byMac.get(mac));
    }

    public synchronized Optional<Registration> at(InetSocketAddress address) {
        return Optional.ofNullable(byAddress.get(PeerKey.of(address)));
    }

    public synchronized int size() {
        return byMac.size();
    }

    /// Removes the devices that were silent for too long.
    ///
    /// @return how many
    public synchronized int expire(Instant now) {
        Instant oldest = now.minus(patience);
        List<Registration> silent = new ArrayList<>();
        for (Registration registration : byMac.values()) {
            if (registration.heard().isBefore(oldest)) {
                silent.add(registration);
            }
        }
        silent.forEach(registration -> remove(registration, Departure.MISSED_REGISTRATIONS));
        return silent.size();
    }

    private void remove(Registration registration, Departure why) {
        byMac.remove(registration.mac());
        byAddress.remove(PeerKey.of(registration.address()));
        listeners.forEach(listener -> listener.departed(registration, why));
    }
}
