// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.link;

import java.io.Closeable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// One end of a byte stream between NIC and sensor: a serial port, a pseudo-terminal, a TCP connection or a pipe in
/// memory. Bytes may arrive in any portions.
public interface ByteLink extends Closeable {
    /// Told what arrives, by one thread at a time, of the link's choosing. Must not block.
    interface Listener {
        /// The array is valid during the call only.
        void onBytes(byte[] bytes, int from, int count);

        /// The wake line fell.
        void onWake();

        /// The stream has ended; nothing follows. The cause is null after an orderly end.
        void onEnd(@Nullable IOException cause);
    }

    /// Begins to deliver; once. What arrived earlier may be lost, as on a wire.
    void listen(Listener listener);

    /// Sends all of it. From one thread at a time; the array is not kept.
    void write(byte[] bytes) throws IOException;

    /// The sensor's end: pulls the wake line low for a moment. Does nothing on links without one, where the NIC's
    /// own timer has to do.
    void pulseWake();

    /// Ends both directions; the listener hears nothing more.
    @Override
    void close();
}
