// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.coap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.upwell.field.Vectors.hex;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// RFC 7252 §3 as far as the UART carries it.
class CoapMessageTest {
    @Test
    void encodingThenDecodingGivesTheSameMessage() throws CoapFormatException {
        Random random = new Random(5);
        for (int round = 0; round < 2_000; round++) {
            CoapMessage.Builder builder = CoapMessage.of(
                            CoapType.of(random.nextInt(4)), random.nextInt(256), random.nextInt(65_536))
                    .token(bytes(random, random.nextInt(9)))
                    .payload(bytes(random, random.nextInt(30)));
            for (int i = random.nextInt(6); i > 0; i--) {
                builder.option(new CoapOption(random.nextInt(3_000), bytes(random, random.nextInt(320))));
            }
            CoapMessage message = builder.build();
            CoapMessage decoded = CoapMessage.decode(message.encode());
            assertThat(decoded.encode()).as("seed 5 round %d", round).isEqualTo(message.encode());
            assertThat(decoded.options()).isEqualTo(message.options());
            assertThat(decoded.payload()).isEqualTo(message.payload());
        }
    }

    @Test
    void everyTruncationFailsCleanlyOrIsAShorterMessage() {
        byte[] whole = CoapMessage.of(CoapType.CONFIRMABLE, CoapCode.PUT, 7)
                .token(hex("01 02"))
                .path("/arduino/temp")
                .query("cfg=" + "x".repeat(20))
                .option(new CoapOption(2_000, new byte[300]))
                .payload(hex("AA BB"))
                .build()
                .encode();
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            try {
                assertThat(CoapMessage.decode(cut).encode())
                        .as("%d bytes", length)
                        .isEqualTo(cut);
            } catch (CoapFormatException e) {
                assertThat(e.fault()).isNotEqualTo(CoapFormatException.Fault.VERSION);
            }
        }
    }

    @Test
    void malformedMessagesNameTheirFault() {
        assertFault("40 01 12", CoapFormatException.Fault.TOO_SHORT);
        assertFault("00 01 12 34", CoapFormatException.Fault.VERSION);
        assertFault("49 01 12 34 01 02 03 04 05 06 07 08 09", CoapFormatException.Fault.TOKEN);
        assertFault("42 01 12 34 AA", CoapFormatException.Fault.TOKEN);
        assertFault("40 01 12 34 F0", CoapFormatException.Fault.OPTION);
        assertFault("40 01 12 34 FF", CoapFormatException.Fault.OPTION);
        assertFault("40 01 12 34 B5 61", CoapFormatException.Fault.OPTION);
        assertFault("40 01 12 34 BD", CoapFormatException.Fault.OPTION);
    }

    @Test
    void pathsAndQueriesAreReadBack() throws CoapFormatException {
        byte[] bytes = hex("40 01 12 34 B7 61 72 64 75 69 6E 6F 04 74 65 6D 70 44 73 65 6E 73");
        CoapMessage message = CoapMessage.decode(bytes);
        assertThat(message.path()).isEqualTo("/arduino/temp");
        assertThat(message.texts(CoapOption.URI_QUERY)).containsExactly("sens");
        assertThat(CoapMessage.of(CoapType.CONFIRMABLE, CoapCode.GET, 0x1234)
                        .path("/arduino/temp")
                        .query("sens")
                        .build()
                        .encode())
                .isEqualTo(bytes);
    }

    private static void assertFault(String bytes, CoapFormatException.Fault fault) {
        assertThatThrownBy(() -> CoapMessage.decode(hex(bytes)))
                .isInstanceOfSatisfying(
                        CoapFormatException.class, e -> assertThat(e.fault()).isEqualTo(fault));
    }

    private static byte[] bytes(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }
}
