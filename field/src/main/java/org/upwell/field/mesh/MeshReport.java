// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

/// What a field has done so far.
///
/// @param registered devices that the gateway knows, as they believe
/// @param readings made
/// @param alerts made
/// @param acknowledged of both
/// @param dropped of both, by the NICs' own rules
/// @param lostInTheAir datagrams of both directions, on purpose
/// @param delays from making a notification to its acknowledgement
public record MeshReport(
        int devices,
        long registered,
        long readings,
        long alerts,
        long acknowledged,
        long dropped,
        long lostInTheAir,
        DelayHistogram delays) {
    public long made() {
        return readings + alerts;
    }

    /// Still to be acknowledged.
    public long waiting() {
        return made() - acknowledged - dropped;
    }
}
