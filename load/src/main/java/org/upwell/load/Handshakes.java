// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.internal.tcnative.SSL;
import javax.net.ssl.SSLEngine;

/// Counts TLS handshakes, and those that resumed an earlier session, which only OpenSSL's engine tells. Owned by
/// the loop.
final class Handshakes {
    private long resumed;
    private boolean known = true;

    void done(SSLEngine engine) {
        if (engine instanceof ReferenceCountedOpenSslEngine open) {
            long pointer = open.sslPointer();
            if (pointer != 0 && SSL.isSessionReused(pointer)) {
                resumed++;
            }
        } else {
            known = false;
        }
    }

    /// -1 where the engine does not tell.
    long resumed() {
        return known ? resumed : -1;
    }
}
