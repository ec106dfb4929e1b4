// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.upwell.access.file.Fault;

/// Carries all faults of a configuration file, in the order of its lines.
public final class InvalidConfigException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient List<Fault> faults;

    InvalidConfigException(List<Fault> faults) {
        List<Fault> sorted =
                faults.stream().sorted(Comparator.comparingInt(Fault::line)).toList();
        super(sorted.stream().map(Fault::toString).collect(Collectors.joining("\n")));
        this.faults = sorted;
    }

    /// The faults, the topmost first.
    public List<Fault> faults() {
        return faults;
    }
}
