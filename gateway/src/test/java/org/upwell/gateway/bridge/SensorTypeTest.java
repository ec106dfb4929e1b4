// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/// Field protocol §1: the last topic level.
class SensorTypeTest {

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text);
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void keyZeroOfTheWrapperIsTheType() {
        // map(2), key 0, text(4) "temp", key 1, text(18)
        byte[] temp = hex("A2" + "00" + "64" + "74656D70" + "01" + "72313534303538343938322C37322E35302C46");
        assertThat(SensorType.of(temp, "/arduino/other?sens")).contains("temp");
        // map(2), key 0, text(4) "lnic", key 1, bytes(2)
        assertThat(SensorType.of(hex("A200646C6E6963014200FF"), "/x")).contains("lnic");
    }

    @Test
    void longTextsAreReadInEveryForm() {
        String thirty = "t".repeat(30);
        byte[] oneByteLength =
                HexFormat.of().parseHex("A200781E" + HexFormat.of().formatHex(text(thirty)) + "0140");
        assertThat(SensorType.of(oneByteLength, "/x")).contains(thirty);
        byte[] twoByteLength =
                HexFormat.of().parseHex("A20079001E" + HexFormat.of().formatHex(text(thirty)) + "0140");
        assertThat(SensorType.of(twoByteLength, "/x")).contains(thirty);
    }

    @Test
    void withoutAWrapperTheUriTells() {
        assertThat(SensorType.of(text("1540584982,72.50,F"), "/arduino/temp?sens"))
                .contains("temp");
        assertThat(SensorType.of(new byte[0], "/arduino/temp")).contains("temp");
        assertThat(SensorType.of(new byte[0], "/arduino/temp/")).contains("temp");
        assertThat(SensorType.of(new byte[0], "battery")).contains("battery");
        assertThat(SensorType.of(new byte[0], "/snsr/a?b=c/d")).contains("a");
    }

    @Test
    void damagedWrapperFallsBackToTheUri() {
        byte[] whole = hex("A2006474656D7001617A");
        for (int length = 0; length < 7; length++) {
            assertThat(SensorType.of(Arrays.copyOf(whole, length), "/arduino/uri"))
                    .as("%d bytes", length)
                    .contains("uri");
        }
        // Key 0 is no text; not UTF-8.
        assertThat(SensorType.of(hex("A2004474656D70"), "/arduino/uri")).contains("uri");
        assertThat(SensorType.of(hex("A20062C328"), "/arduino/uri")).contains("uri");
    }

    @Test
    void whatIsNoSingleLevelIsNoType() {
        for (String bad : new String[] {"a/b", "+", "#", "a+", "a\0", "a\n", "", "x".repeat(129)}) {
            byte[] name = text(bad);
            byte[] wrapper = new byte[4 + name.length];
            wrapper[0] = (byte) 0xA2;
            wrapper[2] = 0x78;
            wrapper[3] = (byte) name.length;
            System.arraycopy(name, 0, wrapper, 4, name.length);
            assertThat(SensorType.of(wrapper, "/arduino/temp")).as("'%s'", bad).isEmpty();
        }
        assertThat(SensorType.of(new byte[0], "/")).isEmpty();
        assertThat(SensorType.of(new byte[0], "")).isEmpty();
        assertThat(SensorType.of(new byte[0], "/a/#")).isEmpty();
    }
}
