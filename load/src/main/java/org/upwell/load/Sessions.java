// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import java.util.List;

/// Removes the persistent sessions that a run made, by connecting once more with a clean start.
final class Sessions {
    private Sessions() {}

    static void remove(Run run, char kind, int count) throws LoadException, InterruptedException {
        List<LoadConnection> connections = run.clients().make(kind, count, false, true, new LoadConnection.Events() {});
        run.clients().openAll(connections, run.settings(), "clients to remove their sessions");
        run.clients().leave(connections);
    }
}
