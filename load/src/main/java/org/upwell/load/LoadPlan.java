// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import java.time.Duration;

/// What a run does.
public sealed interface LoadPlan {

    /// The word for it in reports and on the command line.
    String scenario();

    /// Publishers and subscribers in one of four arrangements.
    ///
    /// @param persistent whether the subscribers have persistent sessions, so that QoS 1 and 2 pass the broker's
    ///     store
    record PubSub(Topology topology, int subscribers, boolean persistent, Senders senders, Pace pace)
            implements LoadPlan {
        public PubSub {
            check(subscribers >= 1, "at least one subscriber is needed");
            check(
                    topology != Topology.PAIRS || subscribers == senders.publishers(),
                    "pairs have as many subscribers as publishers");
            checkPairs(senders.publishers(), subscribers);
        }

        @Override
        public String scenario() {
            return "pubsub";
        }
    }

    /// Many subscriptions, each topic matching exactly one of them.
    ///
    /// @param filters over all clients
    /// @param wildcards share of the filters that have a `+`
    record Subscriptions(int filters, int subscribers, double wildcards, Senders senders, Pace pace)
            implements LoadPlan {
        public Subscriptions {
            check(subscribers >= 1 && filters >= subscribers, "each client needs a subscription at least");
            check(filters < 100_000_000, "at most 99999999 subscriptions");
            check(wildcards >= 0 && wildcards <= 1, "the share of wildcards is 0 to 1");
            checkPairs(senders.publishers(), subscribers);
        }

        @Override
        public String scenario() {
            return "subs";
        }
    }

    /// Connections, held for a while, and made again all at once.
    ///
    /// @param subscribe whether each subscribes to a topic of its own
    /// @param storm whether all are dropped and made again
    record Connections(int connections, boolean subscribe, boolean persistent, Duration hold, boolean storm)
            implements LoadPlan {
        public Connections {
            check(connections >= 1, "at least one connection is needed");
        }

        @Override
        public String scenario() {
            return "connect";
        }
    }

    /// Persistent sessions that are away while messages come, and then fetch them.
    ///
    /// @param messages for each session
    record Offline(int sessions, int messages, Senders senders) implements LoadPlan {
        public Offline {
            check(sessions >= 1 && messages >= 1, "at least one session and one message are needed");
            check(senders.qos() > 0, "what is kept for sessions that are away has QoS 1 or 2");
            check(senders.publishers() <= sessions, "there are more publishers than sessions");
        }

        @Override
        public String scenario() {
            return "offline";
        }
    }

    /// Retained messages, set and then matched by one wildcard.
    ///
    /// @param subscribers who subscribe one after the other
    record Retained(int messages, int subscribers, Senders senders) implements LoadPlan {
        public Retained {
            check(messages >= senders.publishers() && messages < 100_000_000, "retained messages: 1 to 99999999");
            check(subscribers >= 1, "at least one subscriber is needed");
        }

        @Override
        public String scenario() {
            return "retained";
        }
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }

    private static void checkPairs(int publishers, int subscribers) {
        check((long) publishers * subscribers <= 20_000_000, "too many pairs of publisher and subscriber");
    }
}
