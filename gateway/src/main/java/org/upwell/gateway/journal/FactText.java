// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.journal;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// Texts and addresses in facts, in the one form that all files of facts have. Stateless.
public final class FactText {

    /// How long a text in UTF-8 may be; all of ours came in a datagram.
    private static final int MAX_BYTES = 0xffff;

    private FactText() {}

    /// How much room [#put] needs for a text in UTF-8.
    public static int room(byte[] text) {
        return Short.BYTES + text.length;
    }

    /// Writes a text in UTF-8.
    public static ByteBuffer put(ByteBuffer fact, byte[] text) {
        if (text.length > MAX_BYTES) {
            throw new IllegalArgumentException("a text of " + text.length + " bytes is too long for a fact");
        }
        return fact.putShort((short) text.length).put(text);
    }

    /// Reads what [#put] wrote.
    public static String read(ByteBuffer fact) {
        byte[] bytes = new byte[fact.getShort() & MAX_BYTES];
        fact.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /// Reads the next `count` bytes as an IP address.
    ///
    /// @throws IllegalArgumentException if no address has so many
    public static InetAddress address(ByteBuffer fact, int count) {
        byte[] bytes = new byte[count];
        fact.get(bytes);
        return address(bytes);
    }

    static InetAddress address(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException fault) {
            throw new IllegalArgumentException("an address has " + bytes.length + " bytes", fault);
        }
    }
}
