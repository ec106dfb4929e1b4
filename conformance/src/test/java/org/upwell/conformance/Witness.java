// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance;

import java.io.IOException;
import java.util.List;

/// Clients that live through many lives of a server and can tell at the end what it did wrong. All calls come from
/// one thread.
interface Witness {

    /// The server runs (again): connects, goes on with what was open, checks it.
    void resume(int port, int round) throws IOException, InterruptedException;

    /// The server is about to be killed: brings handshakes to stand where they are to be met.
    void place(int port, int round) throws IOException, InterruptedException;

    /// The server is dead.
    void killed() throws InterruptedException;

    /// In the server's last life, after [#resume]: nothing may be missing.
    void finish() throws IOException, InterruptedException;

    List<String> faults();

    /// What it saw, in a few words.
    String summary();
}
