// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.coap;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// One CoAP message of the UART (RFC 7252 §3), small enough for one HDLC frame. Immutable but for its arrays, which
/// nobody changes after construction. Options are sorted by number, stable for repeats.
public final class CoapMessage {
    public static final int MAX_TOKEN_BYTES = 8;

    private static final int HEADER_BYTES = 4;
    private static final int PAYLOAD_MARKER = 0xFF;
    private static final byte[] NOTHING = {};

    private final CoapType type;
    private final int code;
    private final int messageId;
    private final byte[] token;
    private final List<CoapOption> options;
    private final byte[] payload;

    private CoapMessage(Builder builder) {
        this.type = builder.type;
        this.code = builder.code;
        this.messageId = builder.messageId & 0xFFFF;
        this.token = builder.token;
        List<CoapOption> sorted = new ArrayList<>(builder.options);
        sorted.sort((a, b) -> Integer.compare(a.number(), b.number()));
        this.options = List.copyOf(sorted);
        this.payload = builder.payload;
    }

    public static Builder of(CoapType type, int code, int messageId) {
        return new Builder(type, code, messageId);
    }

    /// An empty message: acknowledgement, reset or ping.
    public static CoapMessage empty(CoapType type, int messageId) {
        return of(type, CoapCode.EMPTY, messageId).build();
    }

    public CoapType type() {
        return type;
    }

    public int code() {
        return code;
    }

    public int messageId() {
        return messageId;
    }

    /// Not a copy: readers only.
    public byte[] token() {
        return token;
    }

    public List<CoapOption> options() {
        return options;
    }

    /// Not a copy: readers only.
    public byte[] payload() {
        return payload;
    }

    public Optional<CoapOption> option(int number) {
        for (CoapOption option : options) {
            if (option.number() == number) {
                return Optional.of(option);
            }
        }
        return Optional.empty();
    }

    /// The values of a repeatable text option, in order.
    public List<String> texts(int number) {
        return options.stream()
                .filter(option -> option.number() == number)
                .map(CoapOption::textValue)
                .toList();
    }

    /// `/` and the Uri-Path options joined by `/`.
    public String path() {
        return texts(CoapOption.URI_PATH).stream().collect(Collectors.joining("/", "/", ""));
    }

    public byte[] encode() {
        ByteArrayOutputStream out = new ByteArrayOutputStream(64);
        out.write(0x40 | (type.bits() << 4) | token.length);
        out.write(code);
        out.write(messageId >> 8);
        out.write(messageId);
        out.writeBytes(token);
        int previous = 0;
        for (CoapOption option : options) {
            int delta = option.number() - previous;
            previous = option.number();
            out.write((nibble(delta) << 4) | nibble(option.length()));
            writeExtension(out, delta);
            writeExtension(out, option.length());
            out.writeBytes(option.value());
        }
        if (payload.length > 0) {
            out.write(PAYLOAD_MARKER);
            out.writeBytes(payload);
        }
        return out.toByteArray();
    }

    public static CoapMessage decode(byte[] bytes) throws CoapFormatException {
        return new Decoder(bytes).decode();
    }

    private static int nibble(int value) {
        if (value < 13) {
            return value;
        }
        return value < 269 ? 13 : 14;
    }

    private static void writeExtension(ByteArrayOutputStream out, int value) {
        if (value >= 269) {
            out.write((value - 269) >> 8);
            out.write(value - 269);
        } else if (value >= 13) {
            out.write(value - 13);
        }
    }

    /// Without token and payload, which may be private.
    @Override
    public String toString() {
        String id = HexFormat.of().toHexDigits((short) messageId);
        return type + " " + CoapCode.text(code) + " " + id + " " + path() + " payload=" + payload.length;
    }

    /// Collects the parts of a message.
    public static final class Builder {
        private final CoapType type;
        private final int code;
        private final int messageId;
        private final List<CoapOption> options = new ArrayList<>();
        private byte[] token = NOTHING;
        private byte[] payload = NOTHING;

        private Builder(CoapType type, int code, int messageId) {
            this.type = type;
            this.code = code;
            this.messageId = messageId;
        }

        public Builder token(byte[] value) {
            if (value.length > MAX_TOKEN_BYTES) {
                throw new IllegalArgumentException("token of " + value.length + " bytes, at most 8 are allowed");
            }
            token = value;
            return this;
        }

        public Builder option(CoapOption option) {
            options.add(option);
            return this;
        }

        /// Uri-Path options from an absolute path; `/` adds none.
        public Builder path(String path) {
            for (String segment : path.split("/", -1)) {
                if (!segment.isEmpty()) {
                    option(CoapOption.text(CoapOption.URI_PATH, segment));
                }
            }
            return this;
        }

        public Builder query(String query) {
            return option(CoapOption.text(CoapOption.URI_QUERY, query));
        }

        public Builder payload(byte[] value) {
            payload = value;
            return this;
        }

        public CoapMessage build() {
            return new CoapMessage(this);
        }
    }

    private static final class Decoder {
        private final byte[] bytes;
        private int at = HEADER_BYTES;

        Decoder(byte[] bytes) {
            this.bytes = bytes;
        }

        CoapMessage decode() throws CoapFormatException {
            if (bytes.length < HEADER_BYTES) {
                throw new CoapFormatException(
                        CoapFormatException.Fault.TOO_SHORT, bytes.length + " bytes are less than a header");
            }
            if ((bytes[0] & 0xC0) != 0x40) {
                throw new CoapFormatException(CoapFormatException.Fault.VERSION, "not CoAP version 1");
            }
            int tokenLength = bytes[0] & 0x0F;
            if (tokenLength > MAX_TOKEN_BYTES || HEADER_BYTES + tokenLength > bytes.length) {
                throw new CoapFormatException(
                        CoapFormatException.Fault.TOKEN, "token length " + tokenLength + " does not fit");
            }
            CoapType type = CoapType.of(bytes[0] >> 4);
            int messageId = ((bytes[2] & 0xFF) << 8) | (bytes[3] & 0xFF);
            Builder builder = CoapMessage.of(type, bytes[1] & 0xFF, messageId)
                    .token(Arrays.copyOfRange(bytes, at, at + tokenLength));
            at += tokenLength;
            readOptions(builder);
            return builder.payload(Arrays.copyOfRange(bytes, at, bytes.length)).build();
        }

        private void readOptions(Builder builder) throws CoapFormatException {
            int number = 0;
            while (at < bytes.length) {
                int header = bytes[at++] & 0xFF;
                if (header == PAYLOAD_MARKER) {
                    if (at == bytes.length) {
                        throw malformed("nothing after the payload marker");
                    }
                    return;
                }
                number += extended(header >> 4);
                int length = extended(header & 0x0F);
                if (length > bytes.length - at) {
                    throw malformed("option " + number + " runs past the end");
                }
                builder.option(new CoapOption(number, Arrays.copyOfRange(bytes, at, at + length)));
                at += length;
            }
        }

        private int extended(int nibble) throws CoapFormatException {
            return switch (nibble) {
                case 13 -> 13 + next();
                case 14 -> 269 + ((next() << 8) | next());
                case 15 -> throw malformed("reserved option length or delta 15");
                default -> nibble;
            };
        }

        private int next() throws CoapFormatException {
            if (at >= bytes.length) {
                throw malformed("option header cut off");
            }
            return bytes[at++] & 0xFF;
        }

        private static CoapFormatException malformed(String message) {
            return new CoapFormatException(CoapFormatException.Fault.OPTION, message);
        }
    }
}
