// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.demo;

import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Kills broker and gateway in turn, without any order, and starts them again: each twice in a demo that has a
/// length. Runs in a thread of its own until it has done so or is told to end; whatever was killed is up again
/// then.
final class Restarts implements Runnable, AutoCloseable {
    private static final int TIMES = 4;
    private static final Duration USUAL_DISTANCE = Duration.ofSeconds(60);
    /// How long nobody is there, besides the start.
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final TwoProcesses backOffice;
    private final DemoSettings settings;
    private final PrintWriter out;
    private final CountDownLatch end = new CountDownLatch(1);
    private final Thread thread;

    private Restarts(TwoProcesses backOffice, DemoSettings settings, PrintWriter out) {
        this.backOffice = backOffice;
        this.settings = settings;
        this.out = out;
        this.thread = Thread.ofPlatform().name("demo-restarts").unstarted(this);
    }

    static Restarts begin(TwoProcesses backOffice, DemoSettings settings, PrintWriter out) {
        Restarts restarts = new Restarts(backOffice, settings, out);
        restarts.thread.start();
        return restarts;
    }

    @Override
    public void run() {
        long distance = settings.length()
                .map(length -> length.dividedBy(TIMES + 1L))
                .orElse(USUAL_DISTANCE)
                .toNanos();
        long next = System.nanoTime();
        List<OwnCommand> turns = List.of(backOffice.server(), backOffice.gateway());
        try {
            for (int i = 0; settings.length().isEmpty() || i < TIMES; i++) {
                next += distance;
                if (end.await(Math.max(0, next - System.nanoTime()), TimeUnit.NANOSECONDS)) {
                    return;
                }
                restart(turns.get(i % turns.size()));
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            // Then devices are never acknowledged, and the demo says so at its end.
            out.println("-- " + e.getMessage());
        }
    }

    private void restart(OwnCommand command) throws IOException, InterruptedException {
        long start = System.nanoTime();
        command.kill();
        out.println("-- " + command.name() + " killed");
        if (end.await(PAUSE.toNanos(), TimeUnit.NANOSECONDS)) {
            out.println("-- " + command.name() + " is started at once: what is on its way needs it");
        }
        command.start();
        out.println(String.format(
                Locale.ROOT, "-- %s is back after %.1f s", command.name(), (System.nanoTime() - start) / 1e9));
    }

    /// Returns when all have been made, of a demo that has a length.
    void await() throws InterruptedException {
        if (settings.length().isPresent()) {
            thread.join();
        }
    }

    /// Begins no other, and waits for one that is under way.
    @Override
    public void close() {
        end.countDown();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException _) {
                // A process that is half started would be left behind; its start has a limit of its own.
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
