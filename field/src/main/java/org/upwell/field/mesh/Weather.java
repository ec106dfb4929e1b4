// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

import java.time.Duration;

/// Something that happens to a part of the field at a certain time after its start. Which devices it hits follows
/// from the scenario's seed alone.
public sealed interface Weather {
    Duration at();

    /// NICs get new addresses, each once, evenly over the time.
    ///
    /// @param share of all devices, 0 to 1
    record AddressChanges(Duration at, Duration over, double share) implements Weather {
        public AddressChanges {
            Air.checkShare("share", share);
        }
    }

    /// Access points hear and say nothing; their devices do not know.
    ///
    /// @param first access point, counted from 0
    /// @param last the same, inclusive
    record AccessPointOutage(Duration at, Duration lasting, int first, int last) implements Weather {
        public AccessPointOutage {
            checkRange(first, last);
        }
    }

    /// The mains fail for all devices of some access points. Each says so within a second (`/power`, class alert),
    /// goes on for as long as its capacitor lasts, and is off until the mains return; then it starts anew, in the
    /// five seconds after.
    ///
    /// @param lastGasp how long a NIC lives without mains
    record PowerFailure(Duration at, Duration lasting, Duration lastGasp, int first, int last) implements Weather {
        public static final Duration DEFAULT_LAST_GASP = Duration.ofSeconds(20);

        public PowerFailure {
            checkRange(first, last);
            if (lasting.compareTo(lastGasp) <= 0) {
                throw new IllegalArgumentException("a power failure lasts longer than the last gasp of "
                        + lastGasp.toSeconds() + " s, or nobody would notice");
            }
        }
    }

    /// Some NICs have bad firmware for a while.
    record Misbehaviour(Duration at, Duration lasting, Kind kind, double share) implements Weather {
        /// What they do.
        public enum Kind {
            /// Everything that was acknowledged is sent once more.
            REPEATS,
            /// Every reading is followed by a datagram that is no CoAP.
            GARBAGE,
            /// They start anew every five seconds.
            RESTARTS
        }

        public Misbehaviour {
            Air.checkShare("share", share);
        }
    }

    private static void checkRange(int first, int last) {
        if (first < 0 || last < first) {
            throw new IllegalArgumentException("access points go from 0, the lesser number first");
        }
    }
}
