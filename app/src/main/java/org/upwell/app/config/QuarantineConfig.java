// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.time.Duration;
import org.upwell.gateway.bridge.Quarantine;

/// How much the gateway keeps of devices that belong to nobody, and how long.
public record QuarantineConfig(Quarantine.Limits limits) {
    private static final int MAX_MESSAGES = 10_000_000;
    private static final long MAX_BYTES = 1L << 40;
    private static final Duration MAX_LIFE = Duration.ofDays(366);

    public static final QuarantineConfig DEFAULT = new QuarantineConfig(Quarantine.Limits.DEFAULT);

    static QuarantineConfig read(Section section) {
        Quarantine.Limits usual = Quarantine.Limits.DEFAULT;
        Quarantine.Limits limits = new Quarantine.Limits(
                section.integer("messages", usual.messages(), 0, MAX_MESSAGES),
                section.integer("per-device", usual.perDevice(), 1, MAX_MESSAGES),
                section.size("bytes", usual.bytes(), 0, MAX_BYTES),
                section.duration("life", usual.life(), MAX_LIFE));
        section.refuseUnknownKeys();
        return new QuarantineConfig(limits);
    }
}
