// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance.script;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Plays one case in one version against a broker. The steps:
///
/// - `a > PACKET field=value …` and `a > hex …` send; `a < …` expects the next packet, `a <? …` expects it among the
/// following `<?` steps of the same connection, in any order
/// - `a < closed` expects the end of the connection and nothing before it; `a refused RC` in MQTT 5 a DISCONNECT with
/// that reason before the end, in 3.x only the end
/// - `a < closed-or-refused` the same before CONNACK, with CONNACK in place of DISCONNECT, which may be left out
/// - `a < quiet` proves by PINGREQ that nothing is on its way
/// - `a connects …` and `a subscribes filter,options …` send and expect success
/// - `a is VERSION` before anything else; `a drop` ends the connection without DISCONNECT
/// - `clock + SECONDS` moves the broker's clock; `broker stops` ends it in order
///
/// A word that begins with `5:` or `3:` is for MQTT 5 or 3.x alone. Connections are opened by their first step.
/// `$name` stands for a value received before.
final class ScriptRun implements AutoCloseable {

    private static final int FIRST_SUBSCRIBE_ID = 60_000;

    private final BrokerUnderTest broker;
    private final WireVersion version;
    private final Map<String, ScriptConnection> connections = new HashMap<>();
    private final Map<String, String> names = new HashMap<>();
    private final List<PacketText> inAnyOrder = new ArrayList<>();
    private int subscribeId = FIRST_SUBSCRIBE_ID;

    ScriptRun(BrokerUnderTest broker, WireVersion version) {
        this.broker = broker;
        this.version = version;
    }

    void play(Script script) throws IOException {
        List<Script.Step> steps = script.steps();
        for (int i = 0; i < steps.size(); i++) {
            Script.Step step = steps.get(i);
            Script.Step next = i + 1 < steps.size() ? steps.get(i + 1) : null;
            try {
                play(step, next);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError(script.file() + ".script " + step + "\n" + e.getMessage(), e);
            }
        }
        if (broker.faults() > 0) {
            throw new AssertionError("the broker had a fault of its own; see its log");
        }
    }

    private void play(Script.Step step, Script.@Nullable Step next) throws IOException {
        if (step.connection().equals("clock")) {
            broker.moveClock(Duration.ofSeconds(Long.parseLong(step.words().getFirst())));
            return;
        }
        if (step.connection().equals("broker")) {
            broker.stop();
            return;
        }
        ScriptConnection connection = connection(step.connection());
        List<String> words = inVersion(step.words(), connection.version());
        switch (step.verb()) {
            case "is" -> connection.version(WireVersion.parse(words.getFirst()).getFirst());
            case ">" -> connection.send(bytes(words, connection));
            case "<" -> expect(words, connection);
            case "<?" -> {
                inAnyOrder.add(PacketText.parse(words));
                boolean more = next != null
                        && next.verb().equals("<?")
                        && next.connection().equals(step.connection());
                if (!more) {
                    expectInAnyOrder(connection);
                }
            }
            case "refused" -> {
                if (connection.version().is5()) {
                    expectPacket(List.of("DISCONNECT", "rc=" + words.getFirst()), connection);
                }
                expectClosed(connection);
            }
            case "connects" -> {
                connection.send(bytes(with(List.of("CONNECT", "client=" + step.connection()), words), connection));
                expectPacket(List.of("CONNACK", "sp=?"), connection);
            }
            case "subscribes" -> subscribe(words, connection);
            case "drop" -> drop(step.connection());
            default -> throw new IllegalArgumentException("no step is called " + step.verb());
        }
    }

    /// Without the words that are for other versions; `resumed` is what `sp` is after a resumption.
    private static List<String> inVersion(List<String> words, WireVersion version) {
        String otherVersion = version.is5() ? "3:" : "5:";
        return words.stream()
                .filter(word -> !word.startsWith(otherVersion))
                .map(word -> word.startsWith("5:") || word.startsWith("3:") ? word.substring(2) : word)
                .map(word -> word.equals("sp=resumed") ? "sp=" + (version == WireVersion.V3_1 ? 0 : 1) : word)
                .toList();
    }

    private static List<String> with(List<String> first, List<String> more) {
        return Stream.concat(first.stream(), more.stream()).toList();
    }

    private ScriptConnection connection(String name) throws IOException {
        ScriptConnection known = connections.get(name);
        if (known == null) {
            known = new ScriptConnection(broker.address(), version);
            connections.put(name, known);
        }
        return known;
    }

    private void drop(String name) throws IOException {
        ScriptConnection dropped = connections.remove(name);
        if (dropped != null) {
            dropped.close();
        }
    }

    private byte[] bytes(List<String> words, ScriptConnection connection) {
        if (words.getFirst().equals("hex")) {
            return HexText.bytes(words.subList(1, words.size()));
        }
        return PacketWriter.write(
                PacketText.parse(words.stream().map(this::named).toList()), connection.version());
    }

    /// `field=$name` with the value that was received under that name.
    private String named(String word) {
        int equals = word.indexOf('=');
        String value = word.substring(equals + 1);
        if (equals < 0 || !PacketText.isName(value)) {
            return word;
        }
        String known = names.get(value);
        if (known == null) {
            throw new IllegalArgumentException("nothing was received as " + value);
        }
        return word.substring(0, equals + 1) + known;
    }

    private void expect(List<String> words, ScriptConnection connection) throws IOException {
        switch (words.getFirst()) {
            case "closed" -> expectClosed(connection);
            case "closed-or-refused" -> expectRefusedConnect(connection);
            case "quiet" -> {
                connection.send(bytes(List.of("PINGREQ"), connection));
                expectPacket(List.of("PINGRESP"), connection);
            }
            case "hex" -> {
                byte[] wanted = HexText.bytes(words.subList(1, words.size()));
                byte[] actual = received(connection);
                if (!java.util.Arrays.equals(actual, wanted)) {
                    throw new AssertionError("got " + java.util.HexFormat.of().formatHex(actual));
                }
            }
            default -> expectPacket(words, connection);
        }
    }

    private static byte[] received(ScriptConnection connection) throws IOException {
        byte[] packet = connection.receive();
        if (packet == null) {
            throw new AssertionError("the connection was closed");
        }
        return packet;
    }

    private void expectPacket(List<String> words, ScriptConnection connection) throws IOException {
        PacketText actual = connection.show(received(connection));
        String difference = actual.differsFrom(PacketText.parse(words), names);
        if (difference != null) {
            throw new AssertionError("got " + actual + ": " + difference);
        }
    }

    private void expectInAnyOrder(ScriptConnection connection) throws IOException {
        while (!inAnyOrder.isEmpty()) {
            PacketText actual = connection.show(received(connection));
            PacketText wanted = inAnyOrder.stream()
                    .filter(each -> actual.differsFrom(each, new HashMap<>(names)) == null)
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("got " + actual + ", which is none of " + inAnyOrder));
            String difference = actual.differsFrom(wanted, names);
            if (difference != null) {
                throw new AssertionError(difference);
            }
            inAnyOrder.remove(wanted);
        }
    }

    private static void expectClosed(ScriptConnection connection) throws IOException {
        byte[] packet = connection.receive();
        if (packet != null) {
            throw new AssertionError("got " + connection.show(packet) + " instead of the end of the connection");
        }
    }

    /// The answers to a CONNECT that is not one: MQTT 5 may say why, 3.x does not.
    private static void expectRefusedConnect(ScriptConnection connection) throws IOException {
        byte[] packet = connection.receive();
        if (packet == null) {
            return;
        }
        PacketText shown = connection.show(packet);
        boolean refusal = shown.type().equals("CONNACK")
                && Integer.parseInt(shown.get("rc", "00"), 16) >= 0x80
                && shown.get("sp", "?").equals("0");
        if (!connection.version().is5() || !refusal) {
            throw new AssertionError("got " + shown + " instead of a refusal");
        }
        expectClosed(connection);
    }

    private void subscribe(List<String> requests, ScriptConnection connection) throws IOException {
        subscribeId++;
        List<String> packet = new ArrayList<>(List.of("SUBSCRIBE", "id=" + subscribeId));
        List<String> granted = new ArrayList<>();
        for (String request : requests) {
            if (request.contains("=")) {
                packet.add(request);
            } else {
                packet.add("f=" + request);
                granted.add("0" + request.charAt(request.indexOf(',') + 1));
            }
        }
        connection.send(bytes(packet, connection));
        expectPacket(List.of("SUBACK", "id=" + subscribeId, "rc=" + String.join(",", granted)), connection);
    }

    @Override
    public void close() throws IOException {
        for (ScriptConnection each : connections.values()) {
            each.close();
        }
    }
}
