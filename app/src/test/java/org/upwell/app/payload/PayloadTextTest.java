// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.payload;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PayloadTextTest {
    @ParameterizedTest(name = "{0} is shown as {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                // The published vector: map of two, 0 -> "temp", 1 -> text.
                "A2 00 64 74656D70 01 72 313534303538343938322C37322E35302C46 | temp 1540584982,72.50,F",
                // Key 1 as bytes, as lnic has it.
                "A2 00 64 6C6E6963 01 43 0001FF | lnic 0x0001ff",
                // Key 1 as text that is binary: shown as hex, never sent to the terminal.
                "A2 00 64 6C6E6963 01 63 001B41 | lnic 0x001b41",
                // And text that is not even UTF-8, as firmware sends it.
                "A2 00 64 6C6E6963 01 62 C328 | lnic 0xc328",
                // Truncated wrapper.
                "A2 00 64 7465 | 0xa200647465",
                // A type that would move the cursor.
                "A2 00 62 1B41 01 61 31 | \\u001bA 1",
                "31 35 2C 46 | 15,F",
                "C3 A4 | ä",
                "1B 5B 32 4A | 0x1b5b324a",
                "FF FE | 0xfffe",
            })
    void payloadIsDecodedAndNeverReachesTheTerminalAsControlCharacters(String hex, String shown) {
        assertThat(PayloadText.decoded(bytes(hex))).isEqualTo(shown);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"A2 00 61 | 0xa20061", "6F 6B | ok"})
    void plainDoesNotDecode(String hex, String shown) {
        assertThat(PayloadText.plain(bytes(hex))).isEqualTo(shown);
    }

    @ParameterizedTest
    @CsvSource({"AT&T,AT&T", "naïve,naïve"})
    void printableKeepsWhatIsPrintable(String text, String shown) {
        assertThat(PayloadText.printable(text)).isEqualTo(shown);
        assertThat(PayloadText.plain(text.getBytes(StandardCharsets.UTF_8))).isEqualTo(shown);
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex.replace(" ", ""));
    }
}
