// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

/// Reads what follows the fixed header of one kind of packet. Framing, size limits, direction, reserved flags and
/// trailing bytes are checked around it by [PacketDecoder].
interface PacketBodyDecoder {

    Packet decode(PacketReader in) throws DecodeException;
}
