// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import java.util.List;

/// Tells whether the process can serve. Called on any thread, often; must not block.
@FunctionalInterface
public interface Readiness {

    /// What stands against it, each a short line for an operator; empty when ready.
    List<String> causesAgainst();
}
