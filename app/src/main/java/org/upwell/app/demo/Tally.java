// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.demo;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Counts what devices sent against what subscribers got, message by message. Safe for all threads.
///
/// A message is known by its device and the device's own number for it, which survives every hop. The subscriber
/// may hear of one before the sender's call here has returned, so both sides are kept apart and compared when
/// asked.
final class Tally {
    /// @param number the NIC's number of the notification
    record Key(String mac, long number) {}

    /// @param lost sent and not delivered
    /// @param duplicated deliveries beyond the first of each message
    /// @param astray deliveries to somebody who does not own the device
    /// @param silent devices none of whose readings was delivered
    record Summary(long sent, long delivered, long lost, long duplicated, long astray, Set<String> silent) {

        /// Whether the promise was kept: everything arrived, where it belongs, and every device was heard.
        boolean isKept() {
            return nothingLost() && silent.isEmpty();
        }

        /// The part of the promise that holds at any time.
        boolean nothingLost() {
            return lost == 0 && astray == 0;
        }

        @Override
        public String toString() {
            return "sent=" + sent + " delivered=" + delivered + " lost=" + lost + " duplicated=" + duplicated;
        }
    }

    private final Map<String, String> owners;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Set<Key> sent = new HashSet<>();
    private final Set<Key> delivered = new HashSet<>();
    private final Set<String> heard = new HashSet<>();
    private long duplicated;
    private long astray;

    /// @param owners MAC → tenant
    Tally(Map<String, String> owners) {
        this.owners = Map.copyOf(owners);
    }

    void sent(Key key) {
        lock.lock();
        try {
            sent.add(key);
        } finally {
            lock.unlock();
        }
    }

    /// @param tenant whose subscriber got it
    /// @param reading false for an alert
    void delivered(String tenant, Key key, boolean reading) {
        lock.lock();
        try {
            if (!tenant.equals(owners.get(key.mac()))) {
                astray++;
                return;
            }
            if (!delivered.add(key)) {
                duplicated++;
            }
            if (reading) {
                heard.add(key.mac());
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    Summary summary() {
        lock.lock();
        try {
            Set<String> silent = new TreeSet<>(owners.keySet());
            silent.removeAll(heard);
            return new Summary(sent.size(), delivered.size(), missing(), duplicated, astray, silent);
        } finally {
            lock.unlock();
        }
    }

    /// Waits until everything sent was delivered, or for `nanos`.
    void awaitDelivery(long nanos) throws InterruptedException {
        lock.lock();
        try {
            long left = nanos;
            while (missing() > 0 && left > 0) {
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    private long missing() {
        return sent.stream().filter(key -> !delivered.contains(key)).count();
    }
}
