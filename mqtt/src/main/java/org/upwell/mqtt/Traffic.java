// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import java.util.concurrent.atomic.LongAdder;
import org.upwell.broker.event.BrokerCounters;

/// Bytes of MQTT packets that went through one listener and through the broker, without TLS and below. Counted by
/// read and by batch, from all event loops.
final class Traffic {

    private final BrokerCounters broker;
    private final LongAdder received = new LongAdder();
    private final LongAdder sent = new LongAdder();

    Traffic(BrokerCounters broker) {
        this.broker = broker;
    }

    void received(int bytes) {
        received.add(bytes);
        broker.bytesReceived.add(bytes);
    }

    void sent(int bytes) {
        sent.add(bytes);
        broker.bytesSent.add(bytes);
    }

    long bytesReceived() {
        return received.sum();
    }

    long bytesSent() {
        return sent.sum();
    }
}
