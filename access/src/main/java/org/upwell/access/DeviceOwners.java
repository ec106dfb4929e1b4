// SPDX-License-Identifier: Apache-2.0
package org.upwell.access;

import java.util.Optional;

/// Tells whose a device is. Answers from memory, on any thread.
@FunctionalInterface
public interface DeviceOwners {

    /// The tenant that the device belongs to at this moment, or empty if the device is unknown.
    Optional<String> ownerOf(Mac mac);
}
