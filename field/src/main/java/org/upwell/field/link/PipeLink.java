// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.link;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// A wire in memory with its wake line: what one end writes is handed to the other at once, on the writer's thread. The
/// listeners are device drivers, which hop to their own loop.
public final class PipeLink implements ByteLink {
    /// The two ends of one wire.
    public record Ends(PipeLink nic, PipeLink sensor) {}

    private volatile @Nullable PipeLink peer;
    private volatile @Nullable Listener listener;

    private PipeLink() {}

    public static Ends create() {
        PipeLink nic = new PipeLink();
        PipeLink sensor = new PipeLink();
        nic.peer = sensor;
        sensor.peer = nic;
        return new Ends(nic, sensor);
    }

    @Override
    public void listen(Listener listener) {
        this.listener = listener;
    }

    @Override
    public void write(byte[] bytes) throws IOException {
        PipeLink end = peer;
        if (end == null) {
            throw new IOException("the pipe is closed");
        }
        Listener target = end.listener;
        if (target != null) {
            target.onBytes(bytes, 0, bytes.length);
        }
    }

    @Override
    public void pulseWake() {
        PipeLink end = peer;
        Listener target = end == null ? null : end.listener;
        if (target != null) {
            target.onWake();
        }
    }

    @Override
    public void close() {
        PipeLink end = peer;
        peer = null;
        listener = null;
        if (end != null) {
            end.peer = null;
            Listener target = end.listener;
            if (target != null) {
                target.onEnd(null);
            }
        }
    }
}
