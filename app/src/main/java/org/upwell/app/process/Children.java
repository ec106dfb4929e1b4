// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// The processes that were started here and no other: they end with what started them, also where that is ended by
/// a signal; then at once, or when whoever still needs them is done ([#stay]).
public final class Children {
    private static final Set<Process> ALIVE = ConcurrentHashMap.newKeySet();
    private static final Set<Stay> STAYS = ConcurrentHashMap.newKeySet();

    /// For whoever is never done.
    private static final Duration LONGEST_STAY = Duration.ofMinutes(3);

    private static volatile boolean ending;

    private Children() {}

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(Children::awaitStaysAndEnd, "end-children"));
    }

    /// Takes over a process that was just started.
    public static Child watch(Process process) {
        ALIVE.add(process);
        if (ending) {
            // Too late to be seen by whoever ends them all.
            process.destroy();
        }
        return new Child(process);
    }

    /// While it is open, a signal lets the processes live.
    public static Stay stay() {
        Stay stay = new Stay();
        STAYS.add(stay);
        return stay;
    }

    /// Tells all to end, now and whatever is started from now on; for when this process is about to.
    public static void endAll() {
        ending = true;
        ALIVE.forEach(Process::destroy);
    }

    private static void awaitStaysAndEnd() {
        long deadline = System.nanoTime() + LONGEST_STAY.toNanos();
        try {
            for (Stay stay : STAYS) {
                var _ = stay.over.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        endAll();
    }

    /// Somebody's need of the processes.
    public static final class Stay implements AutoCloseable {
        private final CountDownLatch over = new CountDownLatch(1);

        private Stay() {}

        @Override
        public void close() {
            STAYS.remove(this);
            over.countDown();
        }
    }

    /// Closing it ends the process, in order if it will.
    public static final class Child implements AutoCloseable {
        private static final int MOST_CHARACTERS = 4000;

        private final Process process;
        private final StringBuilder errors = new StringBuilder();

        private Child(Process process) {
            this.process = process;
        }

        /// Reads what the process has to say until its end, so that it never waits for us.
        public void readErrors() {
            try (BufferedReader reader = process.errorReader(StandardCharsets.UTF_8)) {
                reader.lines().forEach(this::note);
            } catch (IOException | UncheckedIOException e) {
                note(String.valueOf(e.getMessage()));
            }
        }

        private synchronized void note(String line) {
            if (errors.length() < MOST_CHARACTERS) {
                errors.append(line).append('\n');
            }
        }

        public synchronized String errors() {
            return errors.toString().strip();
        }

        public boolean isAlive() {
            return process.isAlive();
        }

        /// Ends it without any order, as `kill -9` does.
        public void kill() throws IOException {
            process.destroyForcibly();
            awaitEnd();
        }

        @Override
        public void close() throws IOException {
            process.destroy();
            if (ends()) {
                ALIVE.remove(process);
            } else {
                kill();
            }
        }

        private void awaitEnd() throws IOException {
            if (!ends()) {
                throw new IOException("process " + process.pid() + " does not end");
            }
            ALIVE.remove(process);
        }

        private boolean ends() {
            try {
                process.onExit().get(20, TimeUnit.SECONDS);
                return true;
            } catch (TimeoutException | ExecutionException e) {
                return false;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return !process.isAlive();
            }
        }
    }
}
