// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

/// What an acknowledgement to a publisher means.
public enum Durability {
    /// On disk.
    SYNC,
    /// Written, on disk within an interval.
    INTERVAL,
    /// In memory, gone with the process.
    MEMORY;

    String spelling() {
        return Spelling.kebab(this);
    }
}
