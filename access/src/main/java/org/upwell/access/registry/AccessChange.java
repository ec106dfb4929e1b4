// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.registry;

import org.jspecify.annotations.Nullable;
import org.upwell.access.Mac;

/// Something in the access directory is no longer as it was, changed by this process or another.
public sealed interface AccessChange {

    /// A user was added, removed, or has another password or other roles.
    record UserChanged(String name) implements AccessChange {}

    /// A tenant was added, removed, enabled or disabled, or its clients changed.
    record TenantChanged(String tenant) implements AccessChange {}

    /// A device was added (`from` is null), removed (`to` is null) or moved to another tenant.
    record DeviceChanged(
            Mac mac, @Nullable String from, @Nullable String to) implements AccessChange {}

    /// The role table is another one: what was compiled from the old one no longer holds.
    record RolesChanged() implements AccessChange {}
}
