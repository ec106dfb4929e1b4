// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.app.file.TemporaryDirectory;
import org.upwell.app.process.Children;

/// Where measurements write. What is not deleted before goes when this process ends, also by a signal: queues of a
/// measurement can be gigabytes. Any thread.
final class ScratchDirectories {
    private static final Logger log = LoggerFactory.getLogger(ScratchDirectories.class);

    private static final Set<Path> LEFT = ConcurrentHashMap.newKeySet();

    /// How long started processes have to end, which write until then.
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private static final long BETWEEN_TRIES_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private ScratchDirectories() {}

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(ScratchDirectories::deleteAll, "delete-scratch"));
    }

    static Path create() throws IOException {
        Path directory = TemporaryDirectory.create("upwell-bench-").path();
        LEFT.add(directory);
        return directory;
    }

    /// With all that is in it; nothing to do if it is gone.
    static void delete(Path directory) throws IOException {
        new TemporaryDirectory(directory).close();
        LEFT.remove(directory);
    }

    private static void deleteAll() {
        if (LEFT.isEmpty()) {
            return;
        }
        Children.endAll();
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        for (Path directory : LEFT) {
            while (!isDeleted(directory, deadline)) {
                LockSupport.parkNanos(BETWEEN_TRIES_NANOS);
            }
        }
    }

    /// True also when there is no more time for it.
    private static boolean isDeleted(Path directory, long deadline) {
        try {
            delete(directory);
            return true;
        } catch (IOException e) {
            if (System.nanoTime() - deadline < 0) {
                return false;
            }
            log.warn("Could not delete {}", directory, e);
            return true;
        }
    }
}
