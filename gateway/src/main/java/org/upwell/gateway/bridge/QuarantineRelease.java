// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.bridge;

import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import org.upwell.access.DeviceOwners;
import org.upwell.access.Mac;
import org.upwell.codec.ReasonCode;
import org.upwell.gateway.bridge.Quarantine.Held;

/// Publishes the messages of a device in their order once it has an owner, one at a time; what the broker does not
/// take waits for the next turn. Safe for all threads.
final class QuarantineRelease {

    private final Quarantine quarantine;
    private final DeviceOwners owners;
    private final BiFunction<Held, String, CompletionStage<ReasonCode>> publisher;
    private final Set<Mac> underWay = ConcurrentHashMap.newKeySet();

    /// @param publisher takes the message and its owner
    QuarantineRelease(
            Quarantine quarantine,
            DeviceOwners owners,
            BiFunction<Held, String, CompletionStage<ReasonCode>> publisher) {
        this.quarantine = quarantine;
        this.owners = owners;
        this.publisher = publisher;
    }

    /// Releases what can be released of all devices.
    void releaseAll() {
        for (Quarantine.Device device : quarantine.devices()) {
            release(device.mac());
        }
    }

    /// Releases the messages of a device, if it has an owner.
    void release(Mac mac) {
        if (underWay.add(mac)) {
            next(mac);
        }
    }

    private void next(Mac mac) {
        Optional<Held> held = quarantine.first(mac);
        // Asked for each message: the owner may change in between.
        Optional<String> owner = held.isEmpty() ? Optional.empty() : owners.ownerOf(mac);
        if (owner.isEmpty()) {
            underWay.remove(mac);
            return;
        }
        publisher.apply(held.get(), owner.get()).whenComplete((reason, fault) -> {
            if (reason != null && !reason.isError()) {
                // One that could not be written will not be written by waiting; the next is to go on.
                quarantine.released(held.get()).whenComplete((_, _) -> next(mac));
            } else {
                underWay.remove(mac);
            }
        });
    }
}
