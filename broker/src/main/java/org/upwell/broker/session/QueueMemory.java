// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/// How many bytes of waiting messages all queues together may hold in memory. Any thread.
///
/// ```text
/// Idea   What the store could read back and what it could not have a bound each, so that neither crowds the other
///        out. Below a bound no queue may hold more than what is still free, and no tenant more than a few times of
///        that: whoever holds most is the first to be refused, and there is always some room for the others, however
///        many messages wait for a client that does not read.
/// Cost   Queues take and give back in steps of STEP, so that they meet here once in a few hundred messages.
/// ```
public final class QueueMemory {

    /// Bytes taken or given back at once.
    static final long STEP = 64 << 10;

    /// A tenant's queues together may hold so many times what is free: of an otherwise empty memory three quarters.
    private static final long TENANT_PARTS = 3;

    private final long perQueue;
    private final Pool soft;
    private final Pool hard;
    /// Tenants are few, and stay known.
    private final ConcurrentHashMap<String, Tenant> tenants = new ConcurrentHashMap<>();

    /// One of the two bounds.
    private static final class Pool {
        private final long bound;
        private final AtomicLong taken = new AtomicLong();

        private Pool(long bound) {
            this.bound = bound;
        }

        private boolean tryTake(AtomicLong ofTenant, long mine, long step) {
            long free = bound - taken.addAndGet(step);
            long tenants = ofTenant.addAndGet(step);
            if (mine + step > free || tenants / TENANT_PARTS > free) {
                giveBack(ofTenant, step);
                return false;
            }
            return true;
        }

        private void take(AtomicLong ofTenant, long bytes) {
            taken.addAndGet(bytes);
            ofTenant.addAndGet(bytes);
        }

        private void giveBack(AtomicLong ofTenant, long bytes) {
            taken.addAndGet(-bytes);
            ofTenant.addAndGet(-bytes);
        }
    }

    /// What one tenant's queues hold below each bound.
    private static final class Tenant {
        private final AtomicLong soft = new AtomicLong();
        private final AtomicLong hard = new AtomicLong();
    }

    /// @param perQueue most bytes of one queue that the store could read back
    /// @param soft bytes in all above which messages that the store has are left to it
    /// @param hard bytes in all above which messages that nobody else has are dropped
    public QueueMemory(long perQueue, long soft, long hard) {
        this.perQueue = perQueue;
        this.soft = new Pool(soft);
        this.hard = new Pool(hard);
    }

    /// Bounds that fit this process: half of the heap, a quarter of that for what could be read back.
    public static QueueMemory ofHeap() {
        long heap = Runtime.getRuntime().maxMemory();
        return new QueueMemory(4 << 20, heap / 8, heap / 8 * 3);
    }

    long perQueue() {
        return perQueue;
    }

    /// Bytes taken by all queues.
    public long taken() {
        return soft.taken.get() + hard.taken.get();
    }

    /// One queue's share. Owned as the queue is.
    final class Share {
        private final Tenant tenant;
        private long mine;
        /// Below which bound it is: that of the message that came last.
        private boolean replaceable;

        private Share(Tenant tenant) {
            this.tenant = tenant;
        }

        /// Asks for memory so that the queue may hold `wanted` bytes in all.
        ///
        /// @param canBeRead true if the store could read it back
        boolean tryHold(long wanted, boolean canBeRead) {
            if (canBeRead && wanted > perQueue) {
                return false;
            }
            if (canBeRead != replaceable) {
                pool().giveBack(account(), mine);
                replaceable = canBeRead;
                pool().take(account(), mine);
            }
            if (wanted <= mine) {
                return true;
            }
            long step = Math.max(STEP, wanted - mine);
            if (!pool().tryTake(account(), mine, step)) {
                return false;
            }
            mine += step;
            return true;
        }

        private Pool pool() {
            return replaceable ? soft : hard;
        }

        private AtomicLong account() {
            return replaceable ? tenant.soft : tenant.hard;
        }

        /// Notes that the queue holds `held` bytes now; what is far above is given back.
        void holds(long held) {
            long surplus = mine - held;
            if (surplus >= 2 * STEP || (held == 0 && mine > 0)) {
                long back = held == 0 ? mine : surplus - STEP;
                mine -= back;
                pool().giveBack(account(), back);
            }
        }
    }

    /// The share of a queue of `tenant`.
    Share share(String tenant) {
        return new Share(tenants.computeIfAbsent(tenant, key -> new Tenant()));
    }
}
