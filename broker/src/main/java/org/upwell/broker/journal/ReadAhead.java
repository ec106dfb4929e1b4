// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.journal.SegmentParts.Part;
import org.upwell.broker.store.StoreException;

/// Reads a few parts of a log ahead on a thread of its own, so that disk and checksums cost whoever folds them no
/// time. Owned by the thread that asks for parts.
final class ReadAhead implements AutoCloseable {

    private static final int PARTS = 3;

    /// A part, or why there is none; neither at the end.
    private record Step(@Nullable Part part, @Nullable Throwable failure) {}

    private final SegmentParts source;
    private final BlockingQueue<Step> steps = new LinkedBlockingQueue<>();
    private final Semaphore room = new Semaphore(PARTS);
    private final Thread thread;
    private volatile boolean isClosed;

    ReadAhead(SegmentParts source) {
        this.source = source;
        this.thread = new Thread(this::read, "store read-ahead");
        thread.setDaemon(true);
        thread.start();
    }

    private void read() {
        Step step;
        do {
            room.acquireUninterruptibly();
            step = read(source);
            steps.add(step);
        } while (step.part != null && !isClosed);
    }

    private static Step read(SegmentParts source) {
        try {
            return new Step(source.next(), null);
        } catch (IOException | RuntimeException | Error e) {
            return new Step(null, e);
        }
    }

    /// The next part, or null after the last.
    @Nullable
    Part next() throws IOException {
        Step step = await();
        room.release();
        return switch (step.failure) {
            case null -> step.part;
            case IOException e -> throw e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new StoreException("the journal cannot be read", step.failure);
        };
    }

    private Step await() {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return steps.take();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /// Ends the thread; waits for a read that is under way.
    @Override
    public void close() {
        isClosed = true;
        room.release(PARTS);
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
