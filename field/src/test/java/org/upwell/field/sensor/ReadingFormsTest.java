// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.sensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// The data of the three types, byte for byte, both ways.
class ReadingFormsTest {
    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void temperatureIsTheFirmwaresText() {
        TemperatureReading reading = new TemperatureReading(1_540_584_982, 72.5, 'F');
        assertThat(reading.encode()).isEqualTo(ascii("1540584982,72.50,F"));
        assertThat(TemperatureReading.decode(reading.encode())).contains(reading);
        assertThat(TemperatureReading.decode(ascii("0,-40.00,C")).orElseThrow().celsius())
                .isEqualTo(-40);
        assertThat(reading.celsius()).isEqualTo(22.5);
        for (String other : List.of("", "1540584982,72.5,F", "1540584982,72.50,K", "1540584982,72.50,F,", "x,1.00,C")) {
            assertThat(TemperatureReading.decode(ascii(other))).as(other).isEmpty();
        }
    }

    @Test
    void methaneIsItsDriversText() {
        MethaneDriver driver = new MethaneDriver();
        driver.measure(6_000);
        MethaneReading reading =
                MethaneReading.decode(driver.read(1_540_584_982)).orElseThrow();
        assertThat(reading).isEqualTo(new MethaneReading(1_540_584_982, 6_000, 5_000, true, 1));
        assertThat(reading.encode()).isEqualTo(ascii("1540584982,6000.0,5000.0,ALARM,1"));
        assertThat(MethaneReading.decode(ascii("1,2.0,3.0,FINE,4"))).isEmpty();
    }

    @Test
    void lnicRecordsAreBigEndianAndTheirLengthCountsTheType() {
        LnicRecord first = new LnicRecord(
                0x5BD37616L,
                7,
                3,
                List.of(new LnicRecord.Field(0x0102, new byte[] {9, 8}), LnicRecord.Field.uint32(5, 1)));
        LnicRecord second = new LnicRecord(0xFFFF_FFFFL, 0xFFFF_FFFFL, 255, List.of());
        byte[] data = LnicRecord.encode(List.of(first, second));
        assertThat(HexFormat.of().formatHex(data))
                .isEqualTo("5bd37616" + "00000007" + "000d" + "0000" + "03" + "0102020908" + "00050400000001"
                        + "ffffffff" + "ffffffff" + "0001" + "0000" + "ff");
        assertThat(LnicRecord.decode(data)).contains(List.of(first, second));
        assertThat(LnicRecord.decode(new byte[0])).contains(List.of());
    }

    @Test
    void lnicDataThatAreCutOffAreNone() {
        byte[] data = LnicRecord.encode(List.of(new LnicRecord(1, 2, 3, List.of(LnicRecord.Field.uint32(4, 5)))));
        for (int length = 1; length < data.length; length++) {
            assertThat(LnicRecord.decode(Arrays.copyOf(data, length)))
                    .as("%d bytes", length)
                    .isEmpty();
        }
        data[9] = 0;
        assertThat(LnicRecord.decode(data)).as("length 0").isEmpty();
        assertThatThrownBy(() -> new LnicRecord.Field(1, new byte[256])).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new LnicRecord(1, 2, 256, List.of())).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anyLnicRecordsAreTheSameBothWays() {
        long seed = 5_76;
        Random random = new Random(seed);
        for (int i = 0; i < 500; i++) {
            List<LnicRecord> records = new ArrayList<>();
            for (int count = random.nextInt(4); count > 0; count--) {
                List<LnicRecord.Field> fields = new ArrayList<>();
                for (int n = random.nextInt(4); n > 0; n--) {
                    byte[] value = new byte[random.nextInt(256)];
                    random.nextBytes(value);
                    fields.add(new LnicRecord.Field(random.nextInt(0x1_0000), value));
                }
                records.add(new LnicRecord(
                        Integer.toUnsignedLong(random.nextInt()),
                        Integer.toUnsignedLong(random.nextInt()),
                        random.nextInt(256),
                        fields));
            }
            assertThat(LnicRecord.decode(LnicRecord.encode(records)))
                    .as("seed %d", seed)
                    .contains(records);
        }
    }

    @Test
    void lnicReadingsAreBytesInTheirWrapperAndFitIt() {
        LnicDriver driver = new LnicDriver(Duration.ofSeconds(60));
        assertThat(driver.configure("7")).isEqualTo(SensorDriver.Verdict.ACCEPTED);
        assertThat(driver.configure("256")).isEqualTo(SensorDriver.Verdict.BAD_VALUE);
        assertThat(driver.configuration(100)).isEqualTo(ascii("100,7"));
        driver.read(1_000);
        byte[] data = driver.read(1_060);
        assertThat(LnicRecord.decode(data))
                .contains(List.of(new LnicRecord(
                        1_060, 2, 7, List.of(LnicRecord.Field.uint32(1, 60), LnicRecord.Field.uint32(2, 2)))));
        byte[] wrapped = CborWrapper.encodeBinary("lnic", data).orElseThrow();
        assertThat(wrapped[8] & 0xE0).as("CBOR byte string").isEqualTo(0x40);
        assertThat(CborWrapper.decode(wrapped).orElseThrow().data()).isEqualTo(data);
    }
}
