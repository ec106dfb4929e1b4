// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

/// How far a publisher is ahead of those who get its messages. If messages are lost, it would wait for ever: after
/// a while without progress it no longer waits for those before. Owned by the loop.
abstract sealed class Credit {
    private long markedProgress = -1;
    private long markedNanos;

    /// Messages sent that are still waited for.
    abstract long outstanding(long sent);

    /// How far the slowest is; a number that grows.
    abstract long progress();

    abstract void forgive(long sent);

    /// Forgives if nothing has moved for a while.
    ///
    /// @return whether it did
    final boolean forgiveStalled(long sent, long now, long afterNanos) {
        if (progress() != markedProgress || outstanding(sent) == 0) {
            markedProgress = progress();
            markedNanos = now;
            return false;
        }
        if (now - markedNanos < afterNanos) {
            return false;
        }
        forgive(sent);
        markedProgress = progress();
        markedNanos = now;
        return true;
    }

    /// Waits for the slowest of several subscribers, who all get all.
    static final class Slowest extends Credit {
        private final SlowestSubscriber slowest;

        Slowest(int subscribers, int window) {
            this.slowest = new SlowestSubscriber(subscribers, window);
        }

        boolean moved(long from, long to, long sent) {
            return slowest.moved(from, to, sent);
        }

        @Override
        long outstanding(long sent) {
            return Math.max(0, sent - slowest.next());
        }

        @Override
        long progress() {
            return slowest.next();
        }

        @Override
        void forgive(long sent) {
            slowest.forgive(sent);
        }
    }

    /// Waits for a group of which one gets each message.
    static final class Group extends Credit {
        private final OneOfGroup verifier;
        private final int stream;
        private long forgiven;

        Group(OneOfGroup verifier, int stream) {
            this.verifier = verifier;
            this.stream = stream;
        }

        @Override
        long outstanding(long sent) {
            return Math.max(0, sent - verifier.distinctOf(stream) - forgiven);
        }

        @Override
        long progress() {
            return verifier.distinctOf(stream);
        }

        @Override
        void forgive(long sent) {
            forgiven += outstanding(sent);
        }
    }
}
