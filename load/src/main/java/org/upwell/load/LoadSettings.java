// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What does not change the load but how it is made and watched.
///
/// @param topicPrefix in front of every topic; the run's own name follows it
/// @param brokerPids processes whose CPU and memory are told, summed
/// @param coalesce least time between two looks at the sockets, so that each finds more; null: by what is on its
///     way at QoS 0 and full rate, else none
/// @param keep whether sessions and retained messages are left behind
/// @param phase bound for each phase of a run
public record LoadSettings(
        String topicPrefix, List<Long> brokerPids, @Nullable Duration coalesce, boolean keep, Duration phase) {

    /// What a run uses that is told nothing.
    public static final LoadSettings DEFAULTS = new LoadSettings("load", List.of(), null, false, Duration.ofMinutes(2));

    public LoadSettings {
        brokerPids = List.copyOf(brokerPids);
        if (topicPrefix.isEmpty() || topicPrefix.matches(".*[^!-~].*|.*[#+].*")) {
            throw new IllegalArgumentException("a topic prefix has letters without spaces, and no '#' or '+'");
        }
    }
}
