// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.testing.RecordedCommit;

/// Here *opened again* is the same object, which is what a second broker in one process gets.
class InMemoryStoreTest extends StoreContract {

    private final InMemoryStore store = new InMemoryStore();

    @Override
    protected Store reopen() {
        return store;
    }

    @Test
    void commitsAreToldBeforeTheCallReturns() {
        boolean[] told = {false};
        store.putSession(
                SessionRecord.of(new SessionKey("a", "b"), "n", Set.of(), 1, 0),
                new RecordedCommit(null, () -> told[0] = true));
        assertThat(told[0]).isTrue();
    }
}
