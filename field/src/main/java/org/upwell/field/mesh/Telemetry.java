// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import org.upwell.field.coap.CoapCode;
import org.upwell.field.coap.CoapMessage;
import org.upwell.field.coap.CoapOption;
import org.upwell.field.coap.CoapType;
import org.upwell.field.sensor.CborWrapper;
import org.upwell.field.sensor.TemperatureDriver;

/// What the NICs of a field say, byte for byte as a NIC with a `temp` sensor does. Nothing is kept: a notification
/// is made again from its numbers. No state, safe for all threads.
final class Telemetry {
    /// What a notification is about.
    enum Kind {
        READING("read", "/snsr/arduino/temp"),
        POWER_LOST("alert", "/power"),
        POWER_BACK("alert", "/power");

        private static final List<Kind> ALL = List.of(values());

        private final String word;
        private final String uri;

        Kind(String word, String uri) {
            this.word = word;
            this.uri = uri;
        }

        static Kind of(int number) {
            return ALL.get(number);
        }

        String uri() {
            return uri;
        }
    }

    private static final int CBOR = 60;
    private static final int TEXT = 0;

    private Telemetry() {}

    static String mac(long mac) {
        return HexFormat.of().toHexDigits(mac);
    }

    static byte[] reading(long mac, int epochSeconds) {
        byte[] data = new TemperatureDriver(Duration.ZERO, mac).read(Integer.toUnsignedLong(epochSeconds));
        return CborWrapper.encode("temp", data).orElseThrow();
    }

    static byte[] power(int epochSeconds, boolean mains) {
        return (Integer.toUnsignedString(epochSeconds) + "," + (mains ? "mains" : "lost"))
                .getBytes(StandardCharsets.US_ASCII);
    }

    /// `POST /bubbleup/<class>` (field protocol §5).
    static byte[] bubbleUp(long mac, Backlog.Entry entry, int messageId) {
        Kind kind = entry.kind();
        boolean reading = kind == Kind.READING;
        byte[] payload =
                reading ? reading(mac, entry.epochSeconds()) : power(entry.epochSeconds(), kind == Kind.POWER_BACK);
        return post(messageId)
                .path("/bubbleup/" + kind.word)
                .query("mac=" + mac(mac))
                .query("uri=" + kind.uri)
                .query("boot=" + entry.boot())
                .query("seq=" + entry.sequence())
                .option(CoapOption.uint(CoapOption.CONTENT_FORMAT, reading ? CBOR : TEXT))
                .payload(payload)
                .build()
                .encode();
    }

    /// `POST /nic` (field protocol §5).
    static byte[] registration(long mac, int boot, int messageId) {
        return post(messageId)
                .path("/nic")
                .query("mac=" + mac(mac))
                .query("boot=" + boot)
                .build()
                .encode();
    }

    private static CoapMessage.Builder post(int messageId) {
        return CoapMessage.of(CoapType.CONFIRMABLE, CoapCode.POST, messageId).token(token(messageId));
    }

    /// A NIC asks one thing at a time, so the message ID tells requests apart and serves as the token.
    static byte[] token(int messageId) {
        return new byte[] {(byte) (messageId >> 8), (byte) messageId};
    }
}
