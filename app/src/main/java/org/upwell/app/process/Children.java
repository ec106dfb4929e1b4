// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// The processes that were started here and no other: they end with what started them, also where that is ended by
/// a signal.
public final class Children {
    private static final Set<Process> ALIVE = ConcurrentHashMap.newKeySet();

    private Children() {}

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> ALIVE.forEach(Process::destroy), "end-children"));
    }

    /// Takes over a process that was just started.
    public static Child watch(Process process) {
        ALIVE.add(process);
        return new Child(process);
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
