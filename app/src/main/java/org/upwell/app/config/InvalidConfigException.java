// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/// Carries all faults of a configuration file, in the order of its lines.
public final class InvalidConfigException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient List<ConfigFault> faults;

    InvalidConfigException(List<ConfigFault> faults) {
        List<ConfigFault> sorted = faults.stream()
                .sorted(Comparator.comparingInt(ConfigFault::line))
                .toList();
        super(sorted.stream().map(ConfigFault::toString).collect(Collectors.joining("\n")));
        this.faults = sorted;
    }

    /// The faults, the topmost first.
    public List<ConfigFault> faults() {
        return faults;
    }
}
