// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.coap;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// One option: number and value. The value is not changed after construction.
public final class CoapOption {
    public static final int URI_HOST = 3;
    public static final int OBSERVE = 6;
    public static final int URI_PORT = 7;
    public static final int URI_PATH = 11;
    public static final int CONTENT_FORMAT = 12;
    public static final int MAX_AGE = 14;
    public static final int URI_QUERY = 15;
    public static final int ACCEPT = 17;
    public static final int BLOCK2 = 23;
    public static final int PROXY_URI = 35;
    public static final int PROXY_SCHEME = 39;

    private final int number;
    private final byte[] value;

    public CoapOption(int number, byte[] value) {
        this.number = number;
        this.value = value;
    }

    public static CoapOption text(int number, String value) {
        return new CoapOption(number, value.getBytes(StandardCharsets.UTF_8));
    }

    /// The shortest form, as RFC 7252 §3.2 wants it: zero is empty.
    public static CoapOption uint(int number, long value) {
        int bytes = 0;
        for (long rest = value; rest != 0; rest >>>= 8) {
            bytes++;
        }
        return uint(number, value, bytes);
    }

    /// In a fixed number of bytes, as the firmware writes Observe (3) and Max-Age (4).
    public static CoapOption uint(int number, long value, int bytes) {
        byte[] encoded = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            encoded[i] = (byte) (value >>> (8 * (bytes - 1 - i)));
        }
        return new CoapOption(number, encoded);
    }

    public int number() {
        return number;
    }

    /// Not a copy: readers only.
    public byte[] value() {
        return value;
    }

    public int length() {
        return value.length;
    }

    public String textValue() {
        return new String(value, StandardCharsets.UTF_8);
    }

    public long uintValue() {
        long result = 0;
        for (byte b : value) {
            result = (result << 8) | (b & 0xFF);
        }
        return result;
    }

    /// Odd numbers must be understood (RFC 7252 §5.4.1).
    public static boolean isCritical(int number) {
        return (number & 1) == 1;
    }

    /// Of the critical options, those that every server of a device obeys: where a request goes, what it accepts, and
    /// which block it is after.
    public static boolean isObeyedByAll(int number) {
        return switch (number) {
            case URI_HOST, URI_PORT, URI_PATH, URI_QUERY, ACCEPT, BLOCK2 -> true;
            default -> false;
        };
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CoapOption option && number == option.number && Arrays.equals(value, option.value);
    }

    @Override
    public int hashCode() {
        return 31 * number + Arrays.hashCode(value);
    }

    @Override
    public String toString() {
        return number + "[" + value.length + "]";
    }
}
