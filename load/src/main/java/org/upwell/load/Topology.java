// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

/// Who gets whose messages.
public enum Topology {
    /// Each publisher has a topic; every subscriber takes all by one wildcard.
    FANIN,
    /// All publishers use one topic, and every subscriber takes it.
    FANOUT,
    /// Publisher and subscriber of the same number share a topic of their own.
    PAIRS,
    /// As fan-in, but the subscribers are one shared subscription.
    SHARED
}
