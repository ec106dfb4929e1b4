// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.upwell.codec.Publish;

/// Keeps nothing beyond the process: the client itself remembers as long as it lives, so there is nothing to do.
final class InMemoryInFlightStore implements InFlightStore {

    static final InFlightStore INSTANCE = new InMemoryInFlightStore();

    private static final CompletionStage<List<InFlight>> NOTHING = CompletableFuture.completedFuture(List.of());

    private InMemoryInFlightStore() {}

    @Override
    public CompletionStage<List<InFlight>> load() {
        return NOTHING;
    }

    @Override
    public CompletionStage<?> put(Publish publish) {
        return MessageListener.DONE;
    }

    @Override
    public CompletionStage<?> release(int packetId) {
        return MessageListener.DONE;
    }

    @Override
    public void remove(int packetId, boolean delivered) {
        // Nothing is kept here.
    }
}
