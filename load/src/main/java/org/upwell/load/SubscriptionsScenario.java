// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/// Many subscriptions, a share of them with a `+`; publishers go over all their topics in a scattered order, and
/// each topic matches one subscription.
final class SubscriptionsScenario {
    private static final int TOPICS_PER_GROUP = 100;

    /// The golden ratio's fraction scatters best whatever the number of topics.
    private static final double SCATTER = 0.6180339887;

    private final Run run;
    private final LoadPlan.Subscriptions plan;
    private final Run.SubAckWaiter waiter = new Run.SubAckWaiter();
    private final DeliveryRun delivery;
    private final long step;
    private final long[] cursors;
    private int wildcards;

    SubscriptionsScenario(Run run, LoadPlan.Subscriptions plan) {
        this.run = run;
        this.plan = plan;
        this.step = step(plan.filters());
        this.cursors = new long[plan.senders().publishers()];
        for (int i = 0; i < cursors.length; i++) {
            cursors[i] = (long) i * plan.filters() / cursors.length;
        }
        this.delivery = new DeliveryRun(
                run,
                plan.senders(),
                plan.pace(),
                Delivery.toOne(plan.senders().publishers(), plan.subscribers()),
                this::chooseTopic);
    }

    /// A step without a divisor in common with the number of topics visits them all.
    static long step(int topics) {
        long step = Math.max(1, (long) (topics * SCATTER));
        while (step > 1 && commonDivisor(step, topics) != 1) {
            step--;
        }
        return step;
    }

    private static long commonDivisor(long a, long b) {
        return b == 0 ? a : commonDivisor(b, a % b);
    }

    LoadReport run() throws LoadException, InterruptedException {
        PubSubScenario.SubscriberEvents events = new PubSubScenario.SubscriberEvents(waiter, delivery);
        List<LoadConnection> subscribers = run.clients().make('s', plan.subscribers(), false, true, events);
        run.clients().openAll(subscribers, run.settings(), "subscribers");
        run.loop().settle(200);
        Processes.Sample before = run.sample();
        run.tell("subscribing");
        run.subscribeAll(subscribers, filters(), plan.senders().qos(), waiter);
        Processes.Sample subscribed = run.sample();
        run.loop().settle(200);
        Processes.Sample settled = run.sample();
        run.tell("publishing");
        delivery.publish(Collections.nCopies(
                plan.senders().publishers(),
                run.topic(
                        "g" + PublishTemplate.DIGITS + "/d" + PublishTemplate.DIGITS + "/t" + PublishTemplate.DIGITS)));
        run.clients().leave(subscribers);
        double seconds = subscribed.secondsSince(before);
        LoadReport report = run.report(plan.scenario())
                .count("subscriptions", plan.filters())
                .count("plus_subscriptions", wildcards)
                .count("clients", plan.subscribers())
                .count("publishers", plan.senders().publishers())
                .number("subscribe_s", seconds)
                .number("subscribes_per_s", plan.filters() / seconds)
                .number("subscribe_broker_cpu_us_per_sub", subscribed.cpuSince(before) * 1e6 / plan.filters())
                .number("broker_bytes_per_sub", Run.bytesEach(before, settled, plan.filters()));
        delivery.report(report, waiter.granted());
        return report;
    }

    private List<List<String>> filters() {
        List<List<String>> filters = new ArrayList<>();
        for (int i = 0; i < plan.subscribers(); i++) {
            filters.add(new ArrayList<>());
        }
        for (int i = 0; i < plan.filters(); i++) {
            filters.get(i % plan.subscribers()).add(filter(i));
        }
        return filters;
    }

    private String filter(int index) {
        // The share of wildcards is spread evenly: one whenever the running share passes a whole number.
        boolean wildcard = (long) ((index + 1) * plan.wildcards()) > (long) (index * plan.wildcards());
        String group = "g" + eightDigits(index / TOPICS_PER_GROUP);
        String device = "d" + eightDigits(index);
        String topic = "t" + eightDigits(index);
        if (wildcard) {
            wildcards++;
            switch (wildcards % 3) {
                case 0 -> group = "+";
                case 1 -> device = "+";
                default -> topic = "+";
            }
        }
        return run.topic(group + "/" + device + "/" + topic);
    }

    private static String eightDigits(int number) {
        return String.format(Locale.ROOT, "%08d", number);
    }

    private void chooseTopic(ByteBuf out, int start, Publisher publisher) {
        int topic = (int) cursors[publisher.number()];
        cursors[publisher.number()] = (topic + step) % plan.filters();
        publisher.template().digits(out, start, 0, topic / TOPICS_PER_GROUP);
        publisher.template().digits(out, start, 1, topic);
        publisher.template().digits(out, start, 2, topic);
    }
}
