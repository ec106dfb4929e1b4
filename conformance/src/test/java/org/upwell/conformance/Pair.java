// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.QoS;

/// A publisher and a subscriber of one topic, both persistent, whose handshakes are brought to stand in another
/// window before each kill.
final class Pair implements Witness {

    private static final List<PersistentPublisher.Window> OF_QOS_1 =
            List.of(PersistentPublisher.Window.AFTER_PUBLISH, PersistentPublisher.Window.QUIET);
    private static final List<PersistentPublisher.Window> OF_QOS_2 = List.of(PersistentPublisher.Window.values());
    private static final List<PersistentSubscriber.Window> TO_QOS_1 =
            List.of(PersistentSubscriber.Window.AFTER_PUBLISH, PersistentSubscriber.Window.AFTER_ANSWER);
    private static final List<PersistentSubscriber.Window> TO_QOS_2 = List.of(PersistentSubscriber.Window.values());

    final PersistentPublisher publisher;
    final Ledger ledger;
    private final PersistentSubscriber subscriber;
    private final Random random;
    private final Map<String, Integer> windows;

    /// @param windows counts each window by name
    Pair(String name, MqttVersion version, QoS qos, boolean retain, Random random, Map<String, Integer> windows) {
        this.ledger = new Ledger(name, true);
        this.publisher = new PersistentPublisher(name, version, qos, retain, ledger);
        this.subscriber =
                new PersistentSubscriber(name + "-subscriber", version, "acme/app/" + name + "/#", qos, ledger);
        this.random = random;
        this.windows = windows;
    }

    @Override
    public void resume(int port, int round) throws IOException {
        subscriber.connect(port);
        publisher.connect(port);
        publisher.settle(0);
        publisher.publish(random.nextInt(4));
        publisher.settle(0);
        subscriber.drain(publisher.topic, publisher.sent());
    }

    @Override
    public void place(int port, int round) throws IOException {
        boolean once = publisher.qos == QoS.EXACTLY_ONCE;
        List<PersistentSubscriber.Window> to = once ? TO_QOS_2 : TO_QOS_1;
        PersistentSubscriber.Window there = to.get(round % to.size());
        int messages = 1 + random.nextInt(5);
        publisher.publish(messages);
        publisher.settle(0);
        subscriber.stand(there, there == PersistentSubscriber.Window.QUIET ? 0 : messages);
        // What the store was told before this one, the packet ids among it, is written once this is acknowledged.
        publisher.publish(1);
        publisher.settle(0);
        subscriber.idsAreSafe();
        List<PersistentPublisher.Window> from = once ? OF_QOS_2 : OF_QOS_1;
        // Another pace, so that each meets each.
        PersistentPublisher.Window here = from.get(round / to.size() % from.size());
        publisher.stand(here, 1 + random.nextInt(5));
        count("publisher", here.name());
        count("subscriber", there.name());
    }

    private void count(String side, String window) {
        windows.merge(publisher.version + " " + publisher.qos + " " + side + " " + window, 1, Integer::sum);
    }

    @Override
    public void killed() {
        publisher.drop();
        subscriber.drop();
    }

    @Override
    public void finish() throws IOException {
        subscriber.drain(publisher.topic, publisher.sent());
    }

    @Override
    public List<String> faults() {
        return ledger.faults();
    }

    @Override
    public String summary() {
        return publisher.clientId + ": " + publisher.sent() + " sent, " + ledger.deliveries() + " delivered, "
                + ledger.repeats() + " repeated";
    }
}
