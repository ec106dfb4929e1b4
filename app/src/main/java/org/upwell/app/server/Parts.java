// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What has been opened, to be closed the other way round. One part that fails to close does not keep the others
/// open. Safe for all threads; closing twice closes once.
public final class Parts implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Parts.class);

    private record Part(String name, AutoCloseable closeable) {}

    private final Deque<Part> open = new ArrayDeque<>();

    /// Takes a part over, to be closed with the rest, after everything that is added later.
    public synchronized <T extends AutoCloseable> T add(String name, T part) {
        open.push(new Part(name, part));
        return part;
    }

    @Override
    public synchronized void close() {
        while (!open.isEmpty()) {
            Part part = open.pop();
            try {
                part.closeable().close();
                log.debug("Closed: {}", part.name());
            } catch (Exception e) {
                log.warn("Not closed in order: {}", part.name(), e);
            }
        }
    }
}
