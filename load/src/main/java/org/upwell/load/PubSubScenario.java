// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import io.netty.buffer.ByteBuf;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.upwell.codec.SubAck;

/// Publishers and subscribers in one of four arrangements.
final class PubSubScenario {
    private final Run run;
    private final LoadPlan.PubSub plan;
    private final Run.SubAckWaiter waiter = new Run.SubAckWaiter();
    private final DeliveryRun delivery;

    PubSubScenario(Run run, LoadPlan.PubSub plan) {
        this.run = run;
        this.plan = plan;
        Senders senders = plan.senders();
        this.delivery = new DeliveryRun(
                run,
                senders,
                plan.pace(),
                Delivery.of(plan.topology(), senders.publishers(), plan.subscribers(), senders.window()),
                null);
    }

    LoadReport run() throws LoadException, InterruptedException {
        Processes.Sample before = run.sample();
        SubscriberEvents events = new SubscriberEvents(waiter, delivery);
        List<LoadConnection> subscribers = run.clients().make('s', plan.subscribers(), plan.persistent(), true, events);
        run.clients().openAll(subscribers, run.settings(), "subscribers");
        run.subscribeAll(
                subscribers,
                IntStream.range(0, subscribers.size()).mapToObj(this::filter).toList(),
                plan.senders().qos(),
                waiter);
        run.tell("publishing");
        delivery.publish(IntStream.range(0, plan.senders().publishers())
                .mapToObj(this::topic)
                .toList());
        run.clients().leave(subscribers);
        if (plan.persistent() && !run.settings().keep()) {
            Sessions.remove(run, 's', plan.subscribers());
        }
        LoadReport report = run.report(plan.scenario())
                .text("topology", plan.topology().name().toLowerCase(Locale.ROOT))
                .count("publishers", plan.senders().publishers())
                .count("subscribers", plan.subscribers())
                .flag("persistent", plan.persistent());
        delivery.report(report, waiter.granted());
        Processes.Sample after = run.sample();
        report.number("rss_before_kb", Run.kibibytes(before.residentBytes()))
                .number("rss_after_kb", Run.kibibytes(after.residentBytes()));
        return report;
    }

    private List<String> filter(int subscriber) {
        return Collections.singletonList(
                switch (plan.topology()) {
                    case FANIN -> run.topic("#");
                    case FANOUT -> run.topic("0");
                    case PAIRS -> run.topic(Integer.toString(subscriber));
                    case SHARED -> "$share/load/" + run.topic("#");
                });
    }

    private String topic(int publisher) {
        return run.topic(plan.topology() == Topology.FANOUT ? "0" : Integer.toString(publisher));
    }

    /// First the answers to SUBSCRIBE, then the messages. On the loop.
    static final class SubscriberEvents implements LoadConnection.Events {
        private final Run.SubAckWaiter waiter;
        private final DeliveryRun delivery;

        SubscriberEvents(Run.SubAckWaiter waiter, DeliveryRun delivery) {
            this.waiter = waiter;
            this.delivery = delivery;
        }

        @Override
        public void subscribed(LoadConnection connection, SubAck ack) {
            waiter.answered(connection, ack);
        }

        @Override
        public void message(LoadConnection connection, ByteBuf in, int payloadAt, int payloadBytes, int flags) {
            delivery.message(connection, in, payloadAt, payloadBytes, flags);
        }

        @Override
        public void lost(LoadConnection connection, String why) {
            waiter.failed(why);
            delivery.lost(connection, why);
        }
    }
}
