// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Which publishers have to look whether they may send: each once per batch, however often it was called. Owned by
/// the loop.
final class PublisherTurns {
    private final LoadLoop loop;
    private final Consumer<Publisher> fill;
    private List<Publisher> due = new ArrayList<>();
    private List<Publisher> serving = new ArrayList<>();

    PublisherTurns(LoadLoop loop, Consumer<Publisher> fill) {
        this.loop = loop;
        this.fill = fill;
        loop.atBatchEnd(this::serve);
    }

    void call(Publisher publisher) {
        if (!publisher.isDue()) {
            publisher.due(true);
            due.add(publisher);
            loop.needBatchEnd();
        }
    }

    private void serve() {
        List<Publisher> now = due;
        due = serving;
        serving = now;
        for (int i = 0; i < now.size(); i++) {
            Publisher publisher = now.get(i);
            publisher.due(false);
            fill.accept(publisher);
        }
        now.clear();
    }
}
