// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance;

import java.io.IOException;
import java.util.List;
import java.util.Random;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.QoS;

/// One publisher and a group of two persistent members that share its messages. Between the members there is no
/// order; but each message is for one of them, once at QoS 2 ([MQTT-4.8.2-4], [MQTT-4.8.2-5]).
final class SharedPair implements Witness {

    private final Ledger ledger;
    private final PersistentPublisher publisher;
    private final List<PersistentSubscriber> members;
    private final Random random;

    SharedPair(String name, QoS qos, Random random) {
        this.ledger = new Ledger(name, false);
        this.publisher = new PersistentPublisher(name, MqttVersion.MQTT_5, qos, false, ledger);
        String filter = "$share/" + name + "/acme/app/" + name + "/#";
        this.members = List.of(
                new PersistentSubscriber(name + "-one", MqttVersion.MQTT_5, filter, qos, ledger),
                new PersistentSubscriber(name + "-two", MqttVersion.MQTT_3_1_1, filter, qos, ledger));
        this.random = random;
    }

    @Override
    public void resume(int port, int round) throws IOException {
        for (PersistentSubscriber member : members) {
            member.connect(port);
        }
        publisher.connect(port);
        publisher.settle(0);
        publisher.publish(1 + random.nextInt(8));
        publisher.settle(0);
        finish();
    }

    @Override
    public void place(int port, int round) throws IOException {
        publisher.publish(4);
        publisher.settle(0);
        PersistentSubscriber.Window[] windows = PersistentSubscriber.Window.values();
        PersistentSubscriber.Window window = windows[random.nextInt(windows.length)];
        for (PersistentSubscriber member : members) {
            // How many of the four are this one's is the server's affair: takes what comes.
            member.stand(window, 0);
            for (int i = 0; i < 4; i++) {
                member.read(5);
            }
        }
        publisher.publish(1 + random.nextInt(4));
    }

    @Override
    public void killed() {
        publisher.drop();
        members.forEach(PersistentClient::drop);
    }

    @Override
    public void finish() throws IOException {
        int round = 0;
        while (!isDone() && round++ < 500) {
            for (PersistentSubscriber member : members) {
                member.read(10);
            }
        }
        for (PersistentSubscriber member : members) {
            if (!member.open().isEmpty()) {
                ledger.fault(member.clientId + " has open: " + member.open());
            }
        }
        if (!ledger.has(publisher.topic, publisher.sent())) {
            ledger.fault("lost: " + ledger.missing(publisher.topic, publisher.sent()));
        }
    }

    private boolean isDone() {
        return ledger.has(publisher.topic, publisher.sent())
                && members.stream().allMatch(member -> member.open().isEmpty());
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
