// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance.script;

import org.upwell.broker.store.InMemoryStore;
import org.upwell.broker.store.Store;

/// The stores that every script is played against.
enum StoreUnderTest {
    MEMORY;

    /// Opens a store that is empty.
    Store open() {
        return switch (this) {
            case MEMORY -> new InMemoryStore();
        };
    }
}
