// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Utf8Test {

    private static void assertReads(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        ByteBuf in = Unpooled.wrappedBuffer(new byte[3], bytes, new byte[2]);

        assertThat(Utf8.read(in, 3, bytes.length)).isEqualTo(text);
        assertThat(in.readerIndex()).isZero();
    }

    @Test
    void readsWellFormedText() {
        assertReads("");
        assertReads("a");
        assertReads("12345678");
        assertReads("123456789012345678901234567890");
        assertReads("\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff");
        assertReads(new String(Character.toChars(0x10000)) + new String(Character.toChars(0x10FFFF)));
        assertReads("plain text, then é and 漢字 and 😀, then plain text");
        assertReads("\u0001\u001f");
    }

    /// [MQTT-1.5.4-3], [MQTT3-1.5.3-3]
    @Test
    void keepsAByteOrderMark() {
        assertReads("\ufeffa\ufeff");
    }

    /// [MQTT-1.5.4-1], [MQTT-1.5.4-2], [MQTT3-1.5.3-1], [MQTT3-1.5.3-2]
    @ParameterizedTest
    @ValueSource(
            strings = {
                "00 | U+0000",
                "'abcdefg' 00 'ijk' | U+0000 within a word of eight",
                "'abcdefgh' 00 | U+0000 after a word of eight",
                "c3 a9 00 | U+0000 after a long character",
                "80 | a continuation alone",
                "c0 80 | overlong U+0000",
                "c1 bf | overlong",
                "e0 9f bf | overlong",
                "f0 8f bf bf | overlong",
                "ed a0 80 | first surrogate",
                "ed bf bf | last surrogate",
                "ed a0 bd ed b8 80 | a surrogate pair",
                "f4 90 80 80 | beyond U+10FFFF",
                "f5 80 80 80 | beyond U+10FFFF",
                "ff | never in UTF-8",
                "c3 | cut",
                "e2 82 | cut",
                "f0 9f 98 | cut",
                "c3 'a' | no continuation",
                "e2 82 'a' | no continuation"
            })
    void refusesIllFormedText(String layout) {
        byte[] bytes = LabelledBytes.of(layout);

        assertThat(Utf8.read(Unpooled.wrappedBuffer(bytes), 0, bytes.length)).isNull();
    }

    @Test
    void agreesWithTheDecoderOfThePlatform() {
        long seed = 20260;
        Random random = new Random(seed);
        int wellFormed = 0;
        for (int i = 0; i < 200_000; i++) {
            byte[] bytes = randomBytes(random);
            String expected = platform(bytes);
            wellFormed += expected == null ? 0 : 1;

            assertThat(Utf8.read(Unpooled.wrappedBuffer(bytes), 0, bytes.length))
                    .as("seed %d, input %d", seed, i)
                    .isEqualTo(expected);
        }
        assertThat(wellFormed).isBetween(20_000, 180_000);
    }

    /// Mostly bytes that begin or continue sequences, so that well-formed text is not rare.
    private static byte[] randomBytes(Random random) {
        int[] likely = {'a', 'b', 0xC3, 0xA9, 0xE0, 0xED, 0xA0, 0x9F, 0xBF, 0xF0, 0xF4, 0x8F, 0x90, 0x80, 0xC2, 0x00};
        byte[] bytes = new byte[random.nextInt(20)];
        boolean asciiMostly = random.nextBoolean();
        for (int i = 0; i < bytes.length; i++) {
            boolean ascii = asciiMostly && random.nextInt(30) > 0;
            bytes[i] = (byte) (ascii ? 'c' : likely[random.nextInt(likely.length)]);
        }
        return bytes;
    }

    private static @Nullable String platform(byte[] bytes) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return text.indexOf('\0') < 0 ? text : null;
        } catch (CharacterCodingException e) {
            return null;
        }
    }
}
