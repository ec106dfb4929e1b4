// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance.script;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Reads packets of a server into words, as strictly as a client may: what is no packet of a server is a failure.
final class PacketReading {

    private static final List<String> TYPES = List.of(
            "(0)",
            "CONNECT",
            "CONNACK",
            "PUBLISH",
            "PUBACK",
            "PUBREC",
            "PUBREL",
            "PUBCOMP",
            "SUBSCRIBE",
            "SUBACK",
            "UNSUBSCRIBE",
            "UNSUBACK",
            "PINGREQ",
            "PINGRESP",
            "DISCONNECT",
            "AUTH");

    private final PacketText packet;
    private final WireVersion version;
    private final WireBytes in;

    private PacketReading(PacketText packet, WireVersion version, WireBytes in) {
        this.packet = packet;
        this.version = version;
        this.in = in;
    }

    static PacketText read(int firstByte, byte[] body, WireVersion version) {
        String type = TYPES.get(firstByte >> 4);
        int flags = firstByte & 0x0F;
        PacketReading reading = new PacketReading(new PacketText(type), version, new WireBytes(body));
        int wantedFlags = type.equals("PUBREL") ? 2 : 0;
        if (!type.equals("PUBLISH") && flags != wantedFlags) {
            throw new AssertionError("the server sent " + type + " with flags " + flags);
        }
        reading.body(flags);
        if (reading.in.left() > 0) {
            throw new AssertionError(reading.in.left() + " bytes too many in " + reading.packet);
        }
        return reading.packet;
    }

    private void body(int flags) {
        switch (packet.type()) {
            case "CONNACK" -> {
                int acknowledge = in.oneByte();
                if (acknowledge > 1) {
                    throw new AssertionError("reserved acknowledge flags: " + acknowledge);
                }
                packet.add("sp", Integer.toString(acknowledge));
                packet.add("rc", hex(in.oneByte()));
                properties();
            }
            case "PUBLISH" -> publish(flags);
            case "PUBACK", "PUBREC", "PUBREL", "PUBCOMP" -> {
                packet.add("id", Integer.toString(in.twoBytes()));
                reason();
            }
            case "SUBACK" -> {
                packet.add("id", Integer.toString(in.twoBytes()));
                properties();
                packet.add("rc", reasons());
            }
            case "UNSUBACK" -> {
                packet.add("id", Integer.toString(in.twoBytes()));
                properties();
                if (version.is5()) {
                    packet.add("rc", reasons());
                }
            }
            case "DISCONNECT", "AUTH" -> {
                if (!version.is5()) {
                    throw new AssertionError("the server sent " + packet.type() + " in MQTT " + version);
                }
                reason();
            }
            case "PINGRESP" -> {
                // Has no body.
            }
            default -> throw new AssertionError("the server sent " + packet.type());
        }
    }

    private void publish(int flags) {
        int qos = (flags >> 1) & 3;
        packet.add("dup", Integer.toString(flags >> 3));
        packet.add("q", Integer.toString(qos));
        packet.add("retain", Integer.toString(flags & 1));
        packet.add("topic", in.string());
        if (qos > 0) {
            int id = in.twoBytes();
            if (id == 0) {
                throw new AssertionError("packet identifier 0");
            }
            packet.add("id", Integer.toString(id));
        }
        properties();
        packet.add("payload", in.text(in.left()));
    }

    private void reason() {
        packet.add("rc", version.is5() && in.left() > 0 ? hex(in.oneByte()) : "00");
        if (in.left() > 0) {
            properties();
        }
    }

    private String reasons() {
        List<String> reasons = new ArrayList<>();
        while (in.left() > 0) {
            reasons.add(hex(in.oneByte()));
        }
        return String.join(",", reasons);
    }

    private void properties() {
        if (!version.is5()) {
            return;
        }
        int length = in.variable();
        int end = in.left() - length;
        while (in.left() > end) {
            WireProperty.read(in, packet);
        }
        if (in.left() != end) {
            throw new AssertionError("properties overrun their length in " + packet);
        }
    }

    private static String hex(int value) {
        return String.format(Locale.ROOT, "%02X", value);
    }
}
