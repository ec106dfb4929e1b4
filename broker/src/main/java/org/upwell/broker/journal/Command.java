// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import org.upwell.broker.store.Append;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.GroupRecord;
import org.upwell.broker.store.QueueTarget;
import org.upwell.broker.store.SessionRecord;
import org.upwell.broker.store.SubscriptionRecord;

/// What is given to the writer thread to be done there.
sealed interface Command {

    /// Told when the group that this is part of is safe; [Commit#NONE] if nobody waits.
    Commit commit();

    /// Writer thread.
    void run(Facts facts) throws IOException;

    record PutSession(long number, SessionRecord session, Commit commit) implements Command {
        @Override
        public void run(Facts facts) throws IOException {
            facts.putSession(number, session);
        }
    }

    record PutGroup(long number, GroupRecord group, Commit commit) implements Command {
        @Override
        public void run(Facts facts) throws IOException {
            facts.putGroup(number, group);
        }
    }

    record Remove(long number, Commit commit) implements Command {
        @Override
        public void run(Facts facts) throws IOException {
            facts.remove(number);
        }
    }

    record Subscribed(long number, SubscriptionRecord subscription, Commit commit) implements Command {
        @Override
        public void run(Facts facts) throws IOException {
            facts.subscribed(number, subscription);
        }
    }

    record Unsubscribed(long number, String filter, Commit commit) implements Command {
        @Override
        public void run(Facts facts) throws IOException {
            facts.unsubscribed(number, filter);
        }
    }

    record Appended(long sequence, Append append, Commit commit) implements Command {
        @Override
        public void run(Facts facts) throws IOException {
            facts.append(sequence, append);
        }
    }

    record Acknowledged(long number, long sequence) implements Command {
        @Override
        public Commit commit() {
            return Commit.NONE;
        }

        @Override
        public void run(Facts facts) throws IOException {
            facts.acknowledged(number, sequence);
        }
    }

    record Moved(long from, QueueTarget to, long sequence, Commit commit) implements Command {
        @Override
        public void run(Facts facts) throws IOException {
            facts.moved(from, to, sequence);
        }
    }

    record Sent(long number, long sequence, int packetId, Commit commit) implements Command {
        @Override
        public void run(Facts facts) throws IOException {
            facts.sent(number, sequence, packetId);
        }
    }

    record Received(long number, long sequence, Commit commit) implements Command {
        @Override
        public void run(Facts facts) throws IOException {
            facts.received(number, sequence);
        }
    }

    record Released(long number, int packetId, Commit commit) implements Command {
        @Override
        public void run(Facts facts) throws IOException {
            facts.released(number, packetId);
        }
    }

    record RetainedExpired(String topic, long sequence) implements Command {
        @Override
        public Commit commit() {
            return Commit.NONE;
        }

        @Override
        public void run(Facts facts) throws IOException {
            facts.retainedExpired(topic, sequence);
        }
    }

    record Synced(Commit commit) implements Command {
        @Override
        public void run(Facts facts) {
            // Safe when its group is.
        }
    }

    /// Work of the journal's own. Is run even after a failure, and sees to that itself.
    record Internal(Work work) implements Command {

        interface Work {
            void run() throws IOException;
        }

        @Override
        public Commit commit() {
            return Commit.NONE;
        }

        @Override
        public void run(Facts facts) throws IOException {
            work.run();
        }
    }
}
