// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.simulation;

/// What one simulated device has done so far.
///
/// @param reads distinct notifications of class `read` begun
/// @param alerts distinct notifications of class `alert` begun
/// @param acknowledged of both, by the gateway
/// @param dropped of both, by the NIC's own rules
/// @param registrations accepted by the gateway
public record DeviceReport(String mac, long reads, long alerts, long acknowledged, long dropped, long registrations) {
    public long sent() {
        return reads + alerts;
    }

    /// Still to be acknowledged.
    public long buffered() {
        return sent() - acknowledged - dropped;
    }
}
