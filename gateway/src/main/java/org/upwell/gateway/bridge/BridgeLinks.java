// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.bridge;

import java.util.List;
import org.upwell.access.Mac;

/// The bridge's connections to the broker. A device always uses the same one, which keeps its messages in order.
public final class BridgeLinks implements AutoCloseable {

    private static final long GOLDEN_RATIO = 0x9E3779B97F4A7C15L;

    private final List<BrokerLink> links;

    public BridgeLinks(List<? extends BrokerLink> links) {
        if (links.isEmpty()) {
            throw new IllegalArgumentException("a bridge needs a connection");
        }
        this.links = List.copyOf(links);
    }

    /// Addresses are given out in runs, so they are mixed before they are shared out.
    BrokerLink of(Mac mac) {
        long mixed = mac.bits() * GOLDEN_RATIO;
        return links.get((int) Math.floorMod(mixed >>> Integer.SIZE, (long) links.size()));
    }

    public boolean isConnected() {
        return links.stream().allMatch(BrokerLink::isConnected);
    }

    @Override
    public void close() {
        links.forEach(BrokerLink::close);
    }
}
