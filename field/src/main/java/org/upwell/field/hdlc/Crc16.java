// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.hdlc;

/// CRC-16/X.25, the checksum of both HDLC check sequences: reflected polynomial 0x8408, start value FFFF, inverted
/// result, low byte first on the wire. A block followed by its checksum leaves [#GOOD_RESIDUE].
final class Crc16 {
    /// What remains of an unharmed block together with its checksum, before the final inversion.
    static final int GOOD_RESIDUE = 0xF0B8;

    private static final int START = 0xFFFF;
    private static final int POLYNOMIAL = 0x8408;
    private static final int[] TABLE = table();

    private Crc16() {}

    /// The checksum to append, low byte first.
    static int checksum(byte[] bytes, int from, int to) {
        return ~residue(bytes, from, to) & 0xFFFF;
    }

    static boolean isGood(byte[] bytes, int from, int to) {
        return residue(bytes, from, to) == GOOD_RESIDUE;
    }

    private static int residue(byte[] bytes, int from, int to) {
        int register = START;
        for (int i = from; i < to; i++) {
            register = (register >>> 8) ^ TABLE[(register ^ bytes[i]) & 0xFF];
        }
        return register;
    }

    private static int[] table() {
        int[] table = new int[256];
        for (int value = 0; value < table.length; value++) {
            int register = value;
            for (int bit = 0; bit < 8; bit++) {
                register = (register & 1) == 0 ? register >>> 1 : (register >>> 1) ^ POLYNOMIAL;
            }
            table[value] = register;
        }
        return table;
    }
}
