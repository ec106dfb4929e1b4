// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import java.util.concurrent.Executor;
import org.upwell.mqtt.hook.Hooks;

/// The hooks of a server and the executor that runs them. Hooks may be replaced while connections live; each packet
/// goes by those in force when its turn comes. Shared read-mostly.
public final class HookRegistry {

    private final Executor executor;
    private volatile Hooks hooks = Hooks.NONE;

    /// @param executor runs hook code, which may block; never an event loop
    public HookRegistry(Executor executor) {
        this.executor = executor;
    }

    public void replace(Hooks replacement) {
        hooks = replacement;
    }

    Hooks hooks() {
        return hooks;
    }

    Executor executor() {
        return executor;
    }
}
