// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class BubbleUpEntryTest {
    @Test
    void rowsAreReadFromText() {
        assertThat(BubbleUpEntry.parse("read:/snsr/arduino/temp")).isEqualTo(BubbleUpEntry.read("/snsr/arduino/temp"));
        assertThat(BubbleUpEntry.parse("alert:/snsr/arduino/ncmth1:mqtt:con"))
                .isEqualTo(BubbleUpEntry.alert("/snsr/arduino/ncmth1"));
        BubbleUpEntry quiet = BubbleUpEntry.parse("alert:/power:coap:non:periodic");
        assertThat(quiet.posted()).isFalse();
        assertThat(quiet.confirmable()).isFalse();
        assertThat(quiet.pushOnly()).isFalse();
        assertThat(quiet.isSensor()).isFalse();
        assertThat(BubbleUpEntry.parse("read:/snsr/arduino/temp").sensorPath()).isEqualTo("/arduino/temp");
    }

    @Test
    void wrongRowsSayWhatIsWrong() {
        assertThatThrownBy(() -> BubbleUpEntry.parse("temp")).hasMessageContaining("'temp'");
        assertThatThrownBy(() -> BubbleUpEntry.parse("reed:/power")).hasMessageContaining("'reed'");
        assertThatThrownBy(() -> BubbleUpEntry.parse("read:/snsr/temp")).hasMessageContaining("/snsr/temp");
        assertThatThrownBy(() -> BubbleUpEntry.parse("read:/power:smoke")).hasMessageContaining("'smoke'");
    }
}
