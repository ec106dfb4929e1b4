// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/// A CoAP message as bytes, written and read here and not by the library under test (RFC 7252 §3).
record Coap(int type, int code, int mid, byte[] token, List<Opt> options, byte[] payload) {

    static final int CON = 0;
    static final int NON = 1;
    static final int ACK = 2;
    static final int RST = 3;

    static final int GET = 0x01;
    static final int POST = 0x02;
    static final int PUT = 0x03;
    static final int DELETE = 0x04;
    static final int CREATED = 0x41;
    static final int DELETED = 0x42;
    static final int VALID = 0x43;
    static final int CHANGED = 0x44;
    static final int CONTENT = 0x45;

    static final int URI_HOST = 3;
    static final int OBSERVE = 6;
    static final int URI_PATH = 11;
    static final int CONTENT_FORMAT = 12;
    static final int MAX_AGE = 14;
    static final int URI_QUERY = 15;
    static final int BLOCK2 = 23;
    static final int BLOCK1 = 27;
    static final int PROXY_URI = 35;
    static final int PROXY_SCHEME = 39;

    record Opt(int number, byte[] value) {

        @Override
        public String toString() {
            return number + "=" + HexFormat.of().formatHex(value);
        }
    }

    static Coap con(int code, int mid, String token) {
        return new Coap(CON, code, mid, HexFormat.of().parseHex(token), List.of(), new byte[0]);
    }

    static Coap non(int code, int mid, String token) {
        return new Coap(NON, code, mid, HexFormat.of().parseHex(token), List.of(), new byte[0]);
    }

    /// An empty acknowledgement.
    static Coap ack(int mid) {
        return new Coap(ACK, 0, mid, new byte[0], List.of(), new byte[0]);
    }

    static Coap rst(int mid) {
        return new Coap(RST, 0, mid, new byte[0], List.of(), new byte[0]);
    }

    /// The piggy-backed answer to `request`.
    static Coap answer(Coap request, int code) {
        return new Coap(ACK, code, request.mid, request.token, List.of(), new byte[0]);
    }

    Coap with(int number, byte[] value) {
        List<Opt> more = new ArrayList<>(options);
        more.add(new Opt(number, value));
        return new Coap(type, code, mid, token, more, payload);
    }

    Coap with(int number, String value) {
        return with(number, value.getBytes(StandardCharsets.UTF_8));
    }

    Coap with(int number, int value) {
        return with(number, uint(value));
    }

    Coap path(String... segments) {
        Coap message = this;
        for (String segment : segments) {
            message = message.with(URI_PATH, segment);
        }
        return message;
    }

    Coap query(String... arguments) {
        Coap message = this;
        for (String argument : arguments) {
            message = message.with(URI_QUERY, argument);
        }
        return message;
    }

    Coap payload(byte[] bytes) {
        return new Coap(type, code, mid, token, options, bytes);
    }

    Coap payload(String text) {
        return payload(text.getBytes(StandardCharsets.UTF_8));
    }

    Coap code(int other) {
        return new Coap(type, other, mid, token, options, payload);
    }

    Coap mid(int other) {
        return new Coap(type, code, other, token, options, payload);
    }

    Optional<byte[]> option(int number) {
        return options.stream()
                .filter(option -> option.number == number)
                .map(Opt::value)
                .findFirst();
    }

    boolean has(int number) {
        return option(number).isPresent();
    }

    int uintOption(int number) {
        int value = 0;
        for (byte b : option(number).orElseThrow(() -> new AssertionError("no option " + number + " in " + this))) {
            value = value << 8 | (b & 0xff);
        }
        return value;
    }

    List<String> textOptions(int number) {
        return options.stream()
                .filter(option -> option.number == number)
                .map(option -> new String(option.value, StandardCharsets.UTF_8))
                .toList();
    }

    String tokenHex() {
        return HexFormat.of().formatHex(token);
    }

    String payloadText() {
        return new String(payload, StandardCharsets.UTF_8);
    }

    /// `2.05` and so on.
    String codeText() {
        return (code >> 5) + "." + (code & 0x1f) / 10 + (code & 0x1f) % 10;
    }

    private static byte[] uint(int value) {
        byte[] all = {(byte) (value >>> 24), (byte) (value >>> 16), (byte) (value >>> 8), (byte) value};
        int leading = 0;
        while (leading < all.length && all[leading] == 0) {
            leading++;
        }
        return Arrays.copyOfRange(all, leading, all.length);
    }

    byte[] bytes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(0x40 | type << 4 | token.length);
        out.write(code);
        out.write(mid >> 8);
        out.write(mid);
        out.writeBytes(token);
        int previous = 0;
        List<Opt> sorted = new ArrayList<>(options);
        sorted.sort((a, b) -> Integer.compare(a.number, b.number));
        for (Opt option : sorted) {
            int delta = option.number - previous;
            out.write(nibble(delta) << 4 | nibble(option.value.length));
            extended(out, delta);
            extended(out, option.value.length);
            out.writeBytes(option.value);
            previous = option.number;
        }
        if (payload.length > 0) {
            out.write(0xff);
            out.writeBytes(payload);
        }
        return out.toByteArray();
    }

    private static int nibble(int value) {
        return value < 13 ? value : value < 269 ? 13 : 14;
    }

    private static void extended(ByteArrayOutputStream out, int value) {
        if (value >= 269) {
            out.write((value - 269) >> 8);
            out.write(value - 269);
        } else if (value >= 13) {
            out.write(value - 13);
        }
    }

    static Coap parse(byte[] bytes) {
        int[] at = {4 + (bytes[0] & 0xf)};
        List<Opt> options = new ArrayList<>();
        int number = 0;
        while (at[0] < bytes.length && (bytes[at[0]] & 0xff) != 0xff) {
            int head = bytes[at[0]++] & 0xff;
            number += length(bytes, at, head >> 4);
            int length = length(bytes, at, head & 0xf);
            options.add(new Opt(number, Arrays.copyOfRange(bytes, at[0], at[0] + length)));
            at[0] += length;
        }
        byte[] payload = at[0] < bytes.length ? Arrays.copyOfRange(bytes, at[0] + 1, bytes.length) : new byte[0];
        return new Coap(
                bytes[0] >> 4 & 3,
                bytes[1] & 0xff,
                (bytes[2] & 0xff) << 8 | (bytes[3] & 0xff),
                Arrays.copyOfRange(bytes, 4, 4 + (bytes[0] & 0xf)),
                options,
                payload);
    }

    private static int length(byte[] bytes, int[] at, int nibble) {
        if (nibble < 13) {
            return nibble;
        }
        if (nibble == 13) {
            return (bytes[at[0]++] & 0xff) + 13;
        }
        return ((bytes[at[0]++] & 0xff) << 8 | (bytes[at[0]++] & 0xff)) + 269;
    }

    @Override
    public String toString() {
        String kind = List.of("CON", "NON", "ACK", "RST").get(type);
        return kind + " " + codeText() + " mid=" + mid + " token=" + tokenHex() + " " + options + " "
                + HexFormat.of().formatHex(payload);
    }
}
