// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance.script;

import java.util.List;
import java.util.Map;

/// Writes packets of a client as a script names them. Writes what it is told, allowed or not.
final class PacketWriter {

    private static final Map<String, Integer> FIRST_BYTES = Map.ofEntries(
            Map.entry("CONNECT", 0x10),
            Map.entry("PUBLISH", 0x30),
            Map.entry("PUBACK", 0x40),
            Map.entry("PUBREC", 0x50),
            Map.entry("PUBREL", 0x62),
            Map.entry("PUBCOMP", 0x70),
            Map.entry("SUBSCRIBE", 0x82),
            Map.entry("UNSUBSCRIBE", 0xA2),
            Map.entry("PINGREQ", 0xC0),
            Map.entry("DISCONNECT", 0xE0),
            Map.entry("AUTH", 0xF0));

    private final PacketText packet;
    private final WireVersion version;
    private final WireBytes out = new WireBytes();

    private PacketWriter(PacketText packet, WireVersion version) {
        this.packet = packet;
        this.version = version;
    }

    static byte[] write(PacketText packet, WireVersion version) {
        Integer firstByte = FIRST_BYTES.get(packet.type());
        if (firstByte == null) {
            throw new IllegalArgumentException("a client does not send " + packet.type());
        }
        PacketWriter writer = new PacketWriter(packet, version);
        writer.body();
        return writer.out.packet(firstByte | writer.flags());
    }

    private int flags() {
        if (!packet.type().equals("PUBLISH")) {
            return 0;
        }
        return (packet.number("dup", 0) << 3) | (packet.number("q", 0) << 1) | packet.number("retain", 0);
    }

    private void body() {
        switch (packet.type()) {
            case "CONNECT" -> connect();
            case "PUBLISH" -> {
                out.string(packet.get("topic", ""));
                if (packet.number("q", 0) > 0) {
                    out.twoBytes(packet.number("id", 0));
                }
                properties("");
                out.raw(packet.get("payload", "").getBytes(java.nio.charset.StandardCharsets.UTF_8));
            }
            case "PUBACK", "PUBREC", "PUBREL", "PUBCOMP" -> {
                out.twoBytes(packet.number("id", 0));
                reason();
            }
            case "SUBSCRIBE" -> {
                out.twoBytes(packet.number("id", 0));
                properties("");
                packet.all("f").forEach(this::request);
            }
            case "UNSUBSCRIBE" -> {
                out.twoBytes(packet.number("id", 0));
                properties("");
                packet.all("f").forEach(out::string);
            }
            case "DISCONNECT", "AUTH" -> reason();
            default -> {
                // The others have no body.
            }
        }
    }

    private void connect() {
        out.string(packet.get("protocol", version.protocolName()));
        out.bytes(packet.number("level", version.level()));
        boolean will = packet.has("will");
        int flags = packet.number("clean", 1) << 1;
        if (will) {
            flags |= 0x04 | (packet.number("will-qos", 0) << 3) | (packet.number("will-retain", 0) << 5);
        }
        flags |= packet.has("pass") ? 0x40 : 0;
        flags |= packet.has("user") ? 0x80 : 0;
        out.bytes(flags);
        out.twoBytes(packet.number("keep", 60));
        properties("");
        out.string(packet.get("client", ""));
        if (will) {
            properties("will.");
            out.string(packet.get("will", ""));
            out.string(packet.get("will-payload", ""));
        }
        packet.all("user").forEach(out::string);
        packet.all("pass").forEach(out::string);
    }

    /// `filter,qos` and any of `nl`, `rap`, `rh1`, `rh2`.
    private void request(String text) {
        List<String> parts = List.of(text.split(",", -1));
        out.string(parts.getFirst());
        int options = 0;
        for (String part : parts.subList(1, parts.size())) {
            options |= switch (part) {
                case "nl" -> 0x04;
                case "rap" -> 0x08;
                case "rh1" -> 0x10;
                case "rh2" -> 0x20;
                default -> Integer.parseInt(part);
            };
        }
        out.bytes(options);
    }

    /// Left out where it is 0 and no properties follow.
    private void reason() {
        boolean hasProperties = packet.fields().keySet().stream().anyMatch(WireProperty::isWord);
        if (version.is5() && (packet.has("rc") || hasProperties)) {
            out.bytes(Integer.parseInt(packet.get("rc", "00"), 16));
            if (hasProperties) {
                properties("");
            }
        }
    }

    private void properties(String prefix) {
        if (!version.is5()) {
            return;
        }
        WireBytes properties = new WireBytes();
        packet.fields().forEach((field, values) -> {
            String word = field.startsWith(prefix) ? field.substring(prefix.length()) : "";
            if (WireProperty.isWord(word)) {
                values.forEach(value -> WireProperty.write(word, value, properties));
            }
        });
        byte[] bytes = properties.written();
        out.variable(bytes.length);
        out.raw(bytes);
    }
}
