// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import java.util.function.Consumer;

/// Makes runs. A run blocks its caller until it is over; several at a time do not disturb each other but for the
/// machine.
public final class Load {
    private Load() {}

    /// @param progress told in words what the run does now
    /// @throws LoadException if the run could not be made: the broker refused, a connection was lost, a phase took
    ///     too long. That messages were lost is not such a case but in the report.
    public static LoadReport run(LoadTarget target, LoadPlan plan, LoadSettings settings, Consumer<String> progress)
            throws LoadException, InterruptedException {
        try (Run run = new Run(target, settings, progress)) {
            return switch (plan) {
                case LoadPlan.PubSub pubSub -> new PubSubScenario(run, pubSub).run();
                case LoadPlan.Subscriptions subscriptions -> new SubscriptionsScenario(run, subscriptions).run();
                case LoadPlan.Connections connections -> new ConnectScenario(run, connections).run();
                case LoadPlan.Offline offline -> new OfflineScenario(run, offline).run();
                case LoadPlan.Retained retained -> new RetainedScenario(run, retained).run();
            };
        }
    }
}
