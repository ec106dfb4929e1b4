// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.owner;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jctools.queues.atomic.MpscUnboundedAtomicArrayQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One event loop as the owner of sessions and connections.
///
/// ```text
/// Idea   Work for another owner is put where that owner will find it (a session's mailbox), the session is listed
///        as ready, and the other loop is woken once when the sender's own batch ends, however many sessions and
///        messages the batch held. Work that ends a batch on the own loop (flushing connections) is collected the
///        same way.
/// 1.     A batch lasts from the first piece of work in a loop's turn to the tasks that follow its I/O; its end is
///        a task on the loop, which costs no system call when given from the loop itself.
/// 2.     Whoever lists a session as ready has made its mailbox non-empty, so no session is listed twice per drain.
/// 3.     Messages handed over and not yet drained are counted, large ones as so many more; above HIGH the senders'
///        connections stop reading until the count falls below LOW. Without that bound a fast loop could fill the
///        heap of a slow one.
/// 4.     A message is taken off the count of the owner that it was handed to, even if its session has moved to
///        another in the meantime and is drained there; else the count of a busy owner would only rise.
/// ```
///
/// Methods say which thread may call them; those marked *own thread* check it.
public final class Owner {

    private static final Logger LOG = LoggerFactory.getLogger(Owner.class);

    /// Count of what is handed over and not drained at which senders stop reading from their sockets: so many small
    /// messages, or 32 MiB of large ones.
    static final int HIGH = 65_536;

    /// Count at which they go on.
    static final int LOW = 16_384;

    /// A message counts once more for each time that it has so many bytes.
    private static final int COUNTED_BYTES = 512;

    /// Something with a mailbox that this owner must empty.
    public interface Ready {
        /// Own thread. Returns what the messages taken count for, of those that were counted for this owner.
        int drainMailbox();
    }

    private final String name;
    private final Loop loop;

    private final Queue<Ready> ready = new MpscUnboundedAtomicArrayQueue<>(256);
    private final AtomicBoolean wakeRequested = new AtomicBoolean();
    /// A large message for a million sessions counts for more than an `int` can tell.
    private final AtomicLong backlog = new AtomicLong();
    private final Queue<Runnable> waitingForRoom = new ConcurrentLinkedQueue<>();

    // Own thread only.
    private final List<Runnable> batchEnds = new ArrayList<>();
    private final List<Handover> handovers = new ArrayList<>();
    private boolean batchOpen;

    /// What the current batch handed to one other owner.
    private static final class Handover {
        private final Owner target;
        private long count;

        private Handover(Owner target) {
            this.target = target;
        }

        private void pass() {
            if (count > 0) {
                target.backlog.addAndGet(count);
                count = 0;
                target.wake();
            }
        }
    }

    public Owner(String name, Loop loop) {
        this.name = name;
        this.loop = loop;
    }

    /// Any thread.
    public boolean isCurrent() {
        return loop.isCurrentThread();
    }

    /// @throws IllegalStateException if called from another thread than the owner's
    public void check() {
        if (!loop.isCurrentThread()) {
            throw new IllegalStateException(
                    "called on " + Thread.currentThread().getName() + ", but the owner is " + name);
        }
    }

    /// Any thread.
    public void execute(Runnable task) {
        loop.execute(task);
    }

    /// Runs at once on the own thread, else later there. Any thread.
    public void run(Runnable task) {
        if (loop.isCurrentThread()) {
            task.run();
        } else {
            loop.execute(task);
        }
    }

    /// Any thread.
    public Loop.Cancellation schedule(Duration delay, Runnable task) {
        return loop.schedule(delay, task);
    }

    /// Runs `task` once when the current batch ends. Own thread; callers keep a flag so as to ask once per batch.
    public void atEndOfBatch(Runnable task) {
        batchEnds.add(task);
        openBatch();
    }

    private void openBatch() {
        if (!batchOpen) {
            batchOpen = true;
            loop.execute(this::endBatch);
        }
    }

    private void endBatch() {
        batchOpen = false;
        // Index loops: a task may add another, which then belongs to this batch too.
        for (int i = 0; i < batchEnds.size(); i++) {
            runAlone(batchEnds.get(i));
        }
        batchEnds.clear();
        for (int i = 0; i < handovers.size(); i++) {
            handovers.get(i).pass();
        }
    }

    /// What a message of so many bytes counts for while it is handed over.
    public static int countOf(int weightBytes) {
        return 1 + weightBytes / COUNTED_BYTES;
    }

    /// Notes that one message was put into a mailbox that `target` owns, to be woken when the batch ends. Own
    /// thread.
    ///
    /// @param count as by [#countOf]
    public void handedOver(Owner target, int count) {
        handoverTo(target).count += count;
        openBatch();
    }

    private Handover handoverTo(Owner target) {
        for (int i = 0; i < handovers.size(); i++) {
            if (handovers.get(i).target == target) {
                return handovers.get(i);
            }
        }
        Handover added = new Handover(target);
        handovers.add(added);
        return added;
    }

    /// Lists `session` as having mail. Any thread; the caller sees to the wake-up by [#handedOver] or [#wake].
    public void listReady(Ready session) {
        ready.add(session);
    }

    /// Makes the owner drain what is listed. Any thread; cheap when a wake-up is already on its way.
    public void wake() {
        if (!wakeRequested.getAndSet(true)) {
            loop.execute(this::drainReady);
        }
    }

    private void drainReady() {
        wakeRequested.set(false);
        long taken = 0;
        for (Ready next = ready.poll(); next != null; next = ready.poll()) {
            taken += drain(next);
        }
        if (backlog.addAndGet(-taken) <= LOW) {
            admitWaiting();
        }
    }

    /// Notes that a message handed to this owner was taken by another, since its session moved there. Any thread.
    ///
    /// @param count as for [#handedOver]
    public void takenElsewhere(int count) {
        if (backlog.addAndGet(-count) <= LOW) {
            admitWaiting();
        }
    }

    private void admitWaiting() {
        for (Runnable waiting = waitingForRoom.poll(); waiting != null; waiting = waitingForRoom.poll()) {
            runAlone(waiting);
        }
    }

    /// One task's fault must not keep the others of its batch, flushes and wake-ups of all clients, from running.
    private void runAlone(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            LOG.error("a task on {} failed", name, e);
        }
    }

    private int drain(Ready session) {
        try {
            return session.drainMailbox();
        } catch (RuntimeException e) {
            LOG.error("{} could not be drained on {}", session, name, e);
            return 0;
        }
    }

    /// True when an owner that this one hands messages to is too far behind, so that the sender should stop
    /// reading; `resume` is then called once on any thread when there is room again, which may be before this
    /// returns. Own thread.
    public boolean mustWait(Runnable resume) {
        for (int i = 0; i < handovers.size(); i++) {
            Handover handover = handovers.get(i);
            if (handover.target.backlog.get() + handover.count > HIGH) {
                // What the batch holds must be counted first: else one large batch for an owner with nothing to do
                // would look like room at once, and nobody would wait.
                handover.pass();
                handover.target.waitForRoom(resume);
                return true;
            }
        }
        return false;
    }

    private void waitForRoom(Runnable resume) {
        waitingForRoom.add(resume);
        // The drain may have ended between the check and the add; then nobody else would run it.
        if (backlog.get() <= LOW) {
            admitWaiting();
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
