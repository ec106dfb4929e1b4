// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.access;

import org.upwell.broker.topic.TopicFilter;

/// A compiled set of grants. Immutable and safe for all threads; checks are matches and allocate nothing.
public interface Permissions {

    /// Grants nothing.
    Permissions NONE = new Permissions() {
        @Override
        public boolean isEmpty() {
            return true;
        }

        @Override
        public boolean mayPublish(String topicName, int qos, boolean retain) {
            return false;
        }

        @Override
        public int grantedQos(TopicFilter filter, int requestedQos) {
            return -1;
        }

        @Override
        public boolean mayReceive(String topicName) {
            return false;
        }
    };

    /// True if no role granted anything, so that CONNECT is refused.
    boolean isEmpty();

    /// @param qos 0 to 2
    boolean mayPublish(String topicName, int qos, boolean retain);

    /// The greatest QoS (0 to 2, at most `requestedQos`) that a subscription to `filter` may have, or -1 if no
    /// grant covers the filter: every topic name that `filter` matches must be granted. A `$share/<group>/` prefix
    /// must have been removed by the caller.
    int grantedQos(TopicFilter filter, int requestedQos);

    /// True if a message on `topicName` may be delivered to this principal. Used to check queued messages and
    /// resumed subscriptions again after rules changed.
    boolean mayReceive(String topicName);
}
