// SPDX-License-Identifier: Apache-2.0
package org.upwell.access;

import java.util.HexFormat;

/// The address of a device: 16 hex digits, always written in lower case (field protocol §1). Immutable.
///
/// @param bits the eight bytes of the address, the first one highest
public record Mac(long bits) implements Comparable<Mac> {

    private static final int DIGITS = 16;

    /// Reads 16 hex digits of either case.
    ///
    /// @throws IllegalArgumentException naming the fault and its place
    public static Mac parse(String text) {
        if (text.length() != DIGITS) {
            throw new IllegalArgumentException(
                    "MAC '" + cut(text) + "' has " + text.length() + " characters, expected 16 hex digits");
        }
        long bits = 0;
        for (int i = 0; i < DIGITS; i++) {
            char c = text.charAt(i);
            int digit = c < 128 ? Character.digit(c, 16) : -1;
            if (digit < 0) {
                throw new IllegalArgumentException(
                        "MAC '" + cut(text) + "' has a character at position " + (i + 1) + " that is not a hex digit");
            }
            bits = bits << 4 | digit;
        }
        return new Mac(bits);
    }

    private static String cut(String text) {
        return Printable.cut(text, 40);
    }

    /// The order of the written form.
    @Override
    public int compareTo(Mac other) {
        return Long.compareUnsigned(bits, other.bits);
    }

    /// 16 lower-case hex digits.
    @Override
    public String toString() {
        return HexFormat.of().toHexDigits(bits);
    }
}
