// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

/// DISCONNECT. 3.x knows neither reason nor properties, and only the client sends it there.
public record Disconnect(ReasonCode reason, Properties properties) implements Packet {

    @Override
    public PacketType type() {
        return PacketType.DISCONNECT;
    }
}
