// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.event;

/// Takes events. Called on any thread, event loops included: must be quick and must not block.
public interface BrokerEvents {

    void on(BrokerEvent event);

    /// Lets all events pass unseen.
    BrokerEvents NONE = event -> {};
}
