// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.QoS;

/// A publisher and a subscriber that never pause, each on a thread of its own, so that a kill meets them anywhere.
final class LoadPair implements Witness {

    private static final int MOST_OPEN = 20;

    /// One step of a client; ends with an exception when the server does.
    private interface Step {
        void run() throws IOException;
    }

    private final Ledger ledger;
    private final PersistentPublisher publisher;
    private final PersistentSubscriber subscriber;
    private final Random random;
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean isStopping;

    LoadPair(String name, MqttVersion version, QoS qos, Random random) {
        this.ledger = new Ledger(name, true);
        this.publisher = new PersistentPublisher(name, version, qos, false, ledger);
        this.subscriber =
                new PersistentSubscriber(name + "-subscriber", version, "acme/app/" + name + "/#", qos, ledger);
        this.random = random;
    }

    int sent() {
        return publisher.sent();
    }

    @Override
    public void resume(int port, int round) throws IOException {
        subscriber.connect(port);
        publisher.connect(port);
        isStopping = false;
        start("publisher", () -> {
            publisher.publish(1 + random.nextInt(5));
            publisher.settle(random.nextInt(MOST_OPEN));
        });
        start("subscriber", () -> subscriber.read(50));
    }

    private void start(String side, Step step) {
        Thread thread = new Thread(() -> run(step), publisher.clientId + " " + side);
        thread.setDaemon(true);
        threads.add(thread);
        thread.start();
    }

    private void run(Step step) {
        try {
            while (!isStopping) {
                step.run();
            }
        } catch (IOException e) {
            // The server was killed; if it was not, resuming will find what it did wrong.
            return;
        } catch (RuntimeException | AssertionError e) {
            ledger.fault(e.toString());
        }
    }

    @Override
    public void place(int port, int round) {
        // Wherever they are.
    }

    @Override
    public void killed() throws InterruptedException {
        join();
        publisher.drop();
        subscriber.drop();
    }

    private void join() throws InterruptedException {
        isStopping = true;
        for (Thread thread : threads) {
            thread.join(TimeUnit.SECONDS.toMillis(30));
            if (thread.isAlive()) {
                ledger.fault(thread.getName() + " hangs");
            }
        }
        threads.clear();
    }

    @Override
    public void finish() throws IOException, InterruptedException {
        join();
        publisher.settle(0);
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
