// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

/// How a store can serve at this moment.
public enum StoreCondition {
    /// All is well.
    READY,
    /// Space runs short: publishers of what must be kept are to be slowed.
    SCARCE,
    /// No space: what must be kept is refused; reading and acknowledging go on.
    FULL,
    /// A write failed: nothing is acknowledged any more, reading goes on as far as it can.
    FAILED
}
