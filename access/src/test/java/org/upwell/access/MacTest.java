// SPDX-License-Identifier: Apache-2.0
package org.upwell.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class MacTest {

    @Test
    void isWrittenInLowerCaseWhateverItWasReadFrom() {
        assertThat(Mac.parse("001350050047DD92")).isEqualTo(Mac.parse("001350050047dd92"));
        assertThat(Mac.parse("001350050047DD92")).hasToString("001350050047dd92");
        assertThat(Mac.parse("ffffffffffffffff")).hasToString("ffffffffffffffff");
    }

    @Test
    void isOrderedAsItIsWritten() {
        assertThat(Mac.parse("8000000000000000")).isGreaterThan(Mac.parse("7fffffffffffffff"));
    }

    @Test
    void aWrongLengthIsNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Mac.parse("00135005"))
                .withMessage("MAC '00135005' has 8 characters, expected 16 hex digits");
    }

    @Test
    void aWrongCharacterIsNamedWithItsPlace() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Mac.parse("00135005g047dd92"))
                .withMessage("MAC '00135005g047dd92' has a character at position 9 that is not a hex digit");
        // Digits of other scripts are digits to Java, not to a device.
        assertThatIllegalArgumentException().isThrownBy(() -> Mac.parse("0013500500٤7dd92"));
    }

    @Test
    void aHostileTextIsCutInTheMessage() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Mac.parse("\n".repeat(10_000)))
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(200).doesNotContain("\n"));
    }
}
