// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.io.IOException;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.upwell.field.link.ByteLink;

/// The NIC's end of a line on which something may happen to whatever is written, either way.
final class NoisyLink implements ByteLink {
    private final ByteLink link;
    private final UnaryOperator<byte[]> noise;

    NoisyLink(ByteLink link, UnaryOperator<byte[]> noise) {
        this.link = link;
        this.noise = noise;
    }

    @Override
    public void listen(Listener listener) {
        link.listen(new Listener() {
            @Override
            public void onBytes(byte[] bytes, int from, int count) {
                byte[] heard = noise.apply(Arrays.copyOfRange(bytes, from, from + count));
                if (heard.length > 0) {
                    listener.onBytes(heard, 0, heard.length);
                }
            }

            @Override
            public void onWake() {
                listener.onWake();
            }

            @Override
            public void onEnd(@Nullable IOException cause) {
                listener.onEnd(cause);
            }
        });
    }

    @Override
    public void write(byte[] bytes) throws IOException {
        byte[] said = noise.apply(bytes.clone());
        if (said.length > 0) {
            link.write(said);
        }
    }

    @Override
    public void pulseWake() {}

    @Override
    public void close() {
        link.close();
    }
}
