// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.journal;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// A fact being written field by field, and the counterparts that read the fields back in the same order. Of one
/// thread.
public final class FactFields {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream(64);

    public FactFields(byte kind) {
        out.write(kind);
    }

    public FactFields number(long value) {
        out.writeBytes(ByteBuffer.allocate(Long.BYTES).putLong(value).array());
        return this;
    }

    public FactFields bytes(byte[] value) {
        out.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(value.length).array());
        out.writeBytes(value);
        return this;
    }

    public FactFields text(String value) {
        return bytes(value.getBytes(StandardCharsets.UTF_8));
    }

    public FactFields address(InetAddress value) {
        return bytes(value.getAddress());
    }

    public FactFields endpoint(InetSocketAddress value) {
        return address(value.getAddress()).number(value.getPort());
    }

    public byte[] fact() {
        return out.toByteArray();
    }

    public static byte[] bytes(ByteBuffer fact) {
        int length = fact.getInt();
        if (length < 0 || length > fact.remaining()) {
            throw new IllegalArgumentException("a field of " + length + " bytes");
        }
        byte[] value = new byte[length];
        fact.get(value);
        return value;
    }

    public static String text(ByteBuffer fact) {
        return new String(bytes(fact), StandardCharsets.UTF_8);
    }

    public static InetAddress address(ByteBuffer fact) {
        return FactText.address(bytes(fact));
    }

    public static InetSocketAddress endpoint(ByteBuffer fact) {
        InetAddress address = address(fact);
        return new InetSocketAddress(address, (int) fact.getLong());
    }
}
