// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.upwell.field.coap.CoapCode;
import org.upwell.field.hdlc.Frame;
import org.upwell.field.hdlc.HdlcPrimary;
import org.upwell.field.sensor.CborWrapper;
import org.upwell.field.sensor.Firmware;

/// A life of a NIC and its sensor on a bad line, told by bytes: the first picks the firmware, then each block that
/// is written on the line takes one, which says what becomes of it. When the bytes are used up the line is good,
/// and must be as good as new: a request is answered, and readings come. In turned time.
final class LineExercise extends NicOnAWire {
    private static final int FLAG = Frame.FLAG;
    /// For a repeat of everything: attempts, polls, and a registration that is tried again.
    private static final Duration RECOVERY = Duration.ofMinutes(3);
    /// Three times the longer of Max-Age and the interval, twice doubled, is what an unlucky observation may take.
    private static final Duration READINGS = Duration.ofMinutes(40);

    private static final InetSocketAddress ANYWHERE = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final byte[] script;
    private int at = 1;
    private int asked;

    private LineExercise(byte[] script) {
        this.script = script;
    }

    static void run(byte[] script) {
        new LineExercise(script).live();
    }

    private void live() {
        boolean older = script.length > 0 && (script[0] & 1) == 1;
        sensor(older ? Firmware.V1_4_5 : Firmware.V1_4_8).start();
        loop.advance(Duration.ofMillis(1));
        Nic nic = nic(new NoisyLink(wire.nic(), this::worsen), BubbleUpEntry.read(TEMP));
        start(nic);
        while (at < script.length) {
            int before = at;
            nic.proxy(get(), answer -> {});
            loop.advance(Duration.ofSeconds(20));
            if (at == before) {
                // Nothing was said for so long: the script is not to last for ever.
                at++;
            }
        }
        List<SensorAnswer> answers = new ArrayList<>();
        boolean answered = loop.advanceUntil(RECOVERY, () -> {
            boolean good = answers.stream().anyMatch(LineExercise::isReading);
            if (!good && answers.size() == asked) {
                asked++;
                nic.proxy(get(), answers::add);
            }
            return good;
        });
        assertThat(answered).as("a request on the good line").isTrue();
        int known = buffered.size();
        assertThat(loop.advanceUntil(READINGS, () -> buffered.size() >= known + 3))
                .as("readings on the good line")
                .isTrue();
        assertThat(loop.pendingTimers()).as("timers of one NIC and one sensor").isLessThan(60);
        nic.close();
        loop.run();
    }

    private Nic nic(NoisyLink line, BubbleUpEntry entry) {
        Nic.Settings settings = Nic.Settings.of("001350050047dd92", ANYWHERE, ANYWHERE, List.of(entry))
                .withTiming(
                        new HdlcPrimary.Timing(Duration.ofSeconds(3), 3),
                        Duration.ofSeconds(10),
                        Duration.ofSeconds(2));
        return new Nic(settings, nic -> network, loop, line, new Storage(), clock, new Events());
    }

    private static Nic.Proxied get() {
        return new Nic.Proxied(SensorClient.Request.get("/arduino/temp", "sens"), List.of());
    }

    private static boolean isReading(SensorAnswer answer) {
        return answer instanceof SensorAnswer.Response response
                && response.message().code() == CoapCode.CONTENT
                && CborWrapper.decode(response.message().payload())
                        .filter(wrapper -> wrapper.type().equals("temp"))
                        .isPresent();
    }

    /// What becomes of one block on the line.
    private byte[] worsen(byte[] bytes) {
        if (at >= script.length) {
            return bytes;
        }
        int fate = script[at++] & 0xFF;
        int place = bytes.length == 0 ? 0 : (fate * 31 + at) % bytes.length;
        return switch (fate & 0x0F) {
            case 0 -> new byte[0];
            case 1 -> flipped(bytes, place, 1 << (fate >> 5));
            case 2 -> Arrays.copyOf(bytes, place);
            case 3 -> joined(bytes, bytes);
            case 4 ->
                joined(Arrays.copyOf(bytes, place), new byte[] {FLAG}, Arrays.copyOfRange(bytes, place, bytes.length));
            case 5 -> joined(new byte[] {FLAG, (byte) 0xA7, (byte) 0xFF, 3, 3, (byte) fate}, bytes);
            case 6 -> joined(bytes, new byte[] {FLAG, FLAG, (byte) 0xA0});
            case 7 -> flipped(bytes, Math.min(bytes.length - 1, 6), 0x40);
            case 8 -> flipped(bytes, Math.max(0, bytes.length - 2), 0x01);
            case 9 -> {
                sensor().restart();
                yield bytes;
            }
            case 10 -> filled(300 + fate);
            case 11 -> joined(bytes, Arrays.copyOf(bytes, place));
            default -> bytes;
        };
    }

    private static byte[] filled(int count) {
        byte[] bytes = new byte[count];
        Arrays.fill(bytes, (byte) FLAG);
        return bytes;
    }

    private static byte[] flipped(byte[] bytes, int place, int mask) {
        if (bytes.length > 0) {
            bytes[place] ^= (byte) mask;
        }
        return bytes;
    }

    private static byte[] joined(byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        byte[] all = new byte[length];
        int to = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, all, to, part.length);
            to += part.length;
        }
        return all;
    }
}
