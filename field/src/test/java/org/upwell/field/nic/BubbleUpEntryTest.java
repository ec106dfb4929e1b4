// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
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

    @Test
    void aTableIsWrittenAsItIsRead() {
        String text = "# comment\n\nread:/snsr/arduino/temp\n alert:/power:coap:non:periodic:every=60 \n";
        List<BubbleUpEntry> rows = BubbleUpEntry.parseTable(text);
        assertThat(rows).hasSize(2);
        assertThat(rows.getLast().ownPeriod()).isEqualTo(Duration.ofMinutes(1));
        String written = rows.getFirst().text() + "\n" + rows.getLast().text();
        assertThat(written)
                .isEqualTo("read:/snsr/arduino/temp:mqtt:con:periodic\nalert:/power:coap:non:periodic:every=60");
        assertThat(BubbleUpEntry.parseTable(written)).isEqualTo(rows);
    }

    @Test
    void wrongTablesSayWhatIsWrong() {
        assertThatThrownBy(() -> BubbleUpEntry.parseTable("read:/power\nalert:/power"))
                .hasMessageContaining("more than one row");
        assertThatThrownBy(() -> BubbleUpEntry.parseTable("read:/power:every=0"))
                .hasMessageContaining("'0'");
        StringBuilder many = new StringBuilder();
        for (int i = 0; i <= BubbleUpEntry.MAX_ROWS; i++) {
            many.append("read:/snsr/arduino/t").append(i).append('\n');
        }
        assertThatThrownBy(() -> BubbleUpEntry.parseTable(many.toString())).hasMessageContaining("33 rows");
    }
}
