// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.hdlc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.upwell.field.Vectors.hex;

import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.upwell.field.Vectors;

/// Field protocol §6, frame rows.
class FrameTest {
    @Test
    void framesOfTheVectorsAreBuiltByteForByte() {
        assertThat(Frame.unnumbered(FrameKind.SET_NORMAL_RESPONSE_MODE).encode())
                .isEqualTo(Vectors.SNRM);
        assertThat(Frame.unnumbered(FrameKind.UNNUMBERED_ACKNOWLEDGEMENT, LinkParameters.SENSOR.encode())
                        .encode())
                .isEqualTo(Vectors.UA);
        assertThat(Frame.unnumbered(FrameKind.DISCONNECT).encode()).isEqualTo(Vectors.DISC);
        assertThat(Frame.unnumbered(FrameKind.UNNUMBERED_ACKNOWLEDGEMENT).encode())
                .isEqualTo(Vectors.UA_TO_DISC);
        assertThat(Frame.unnumbered(FrameKind.DISCONNECTED_MODE).encode()).isEqualTo(Vectors.DM);
        assertThat(Frame.receiveReady(0).encode()).isEqualTo(Vectors.RR_0);
        assertThat(Frame.receiveReady(1).encode()).isEqualTo(Vectors.RR_1);
        assertThat(Frame.unnumbered(FrameKind.FRAME_REJECT).encode()).isEqualTo(Vectors.FRMR);
        assertThat(Frame.information(0, 1, new byte[0]).encode()).isEqualTo(Vectors.I_WITHOUT_INFO);
        assertThat(Frame.information(0, 0, Vectors.info(Vectors.GET_TEMP)).encode())
                .isEqualTo(Vectors.GET_TEMP);
        assertThat(Frame.information(0, 1, Vectors.info(Vectors.GET_TEMP_ANSWER))
                        .encode())
                .isEqualTo(Vectors.GET_TEMP_ANSWER);
    }

    @Test
    void framesOfTheVectorsAreRead() {
        Frame answer = decode(Vectors.GET_TEMP_ANSWER);
        assertThat(answer).isNotNull();
        assertThat(answer.kind()).isEqualTo(FrameKind.INFORMATION);
        assertThat(answer.sendNumber()).isZero();
        assertThat(answer.receiveNumber()).isEqualTo(1);
        assertThat(answer.isPollOrFinal()).isTrue();
        assertThat(answer.info()).isEqualTo(Vectors.info(Vectors.GET_TEMP_ANSWER));
        Frame acknowledgement = decode(Vectors.UA);
        assertThat(acknowledgement).isNotNull();
        assertThat(LinkParameters.decode(acknowledgement.info())).contains(LinkParameters.SENSOR);
    }

    @Test
    void everyInfoLengthSurvivesEncodingAndDecoding() {
        Random random = new Random(1);
        for (int length = 0; length <= Frame.MAX_INFO_BYTES; length++) {
            byte[] info = new byte[length];
            random.nextBytes(info);
            Frame frame = decode(Frame.information(3, 5, info).encode());
            assertThat(frame).isNotNull();
            assertThat(frame.info()).isEqualTo(info);
        }
        assertThatThrownBy(() -> Frame.information(0, 0, new byte[256])).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void everyChangedBitOfAFrameIsNoticed() {
        for (byte[] good : new byte[][] {Vectors.GET_TEMP, Vectors.SNRM}) {
            for (int bit = 0; bit < good.length * 8; bit++) {
                byte[] bad = good.clone();
                bad[bit / 8] ^= (byte) (1 << (bit % 8));
                assertThat(decode(bad)).as("bit %d changed", bit).isNull();
            }
        }
    }

    @Test
    void everyTruncationAndAnyTailIsNoFrame() {
        byte[] good = Vectors.GET_TEMP;
        for (int length = 0; length < good.length; length++) {
            assertThat(Frame.decode(good, 0, length)).as("%d bytes", length).isNull();
        }
        byte[] longer = new byte[good.length + 1];
        System.arraycopy(good, 0, longer, 0, good.length);
        longer[good.length] = Frame.FLAG;
        assertThat(decode(longer)).isNull();
    }

    @Test
    void anyOddAddressIsTakenAndAnyEvenOneIsNot() {
        byte[] info = {1, 2, 3};
        assertThat(decode(Frame.raw(0x21, 0x07, 0x10, info).encode())).isNotNull();
        assertThat(decode(Frame.raw(0x20, 0x03, 0x10, info).encode())).isNull();
        assertThat(decode(Frame.raw(0x03, 0x02, 0x10, info).encode())).isNull();
    }

    @Test
    void controlBytesAreToldApart() {
        assertThat(FrameKind.of(0x83)).isEqualTo(FrameKind.SET_NORMAL_RESPONSE_MODE);
        assertThat(FrameKind.of(0x43)).isEqualTo(FrameKind.DISCONNECT);
        assertThat(FrameKind.of(0x73)).isEqualTo(FrameKind.UNNUMBERED_ACKNOWLEDGEMENT);
        assertThat(FrameKind.of(0x03)).isEqualTo(FrameKind.UNNUMBERED_INFORMATION);
        assertThat(FrameKind.of(0xB5)).isEqualTo(FrameKind.RECEIVE_NOT_READY);
        assertThat(FrameKind.of(0xEE)).isEqualTo(FrameKind.INFORMATION);
        assertThat(FrameKind.of(0xAF)).isEqualTo(FrameKind.UNKNOWN);
    }

    @Test
    void malformedNegotiationIsRefused() {
        assertThat(LinkParameters.decode(new byte[0])).isEmpty();
        assertThat(LinkParameters.decode(hex("81 80 02 05 02"))).isEmpty();
        assertThat(LinkParameters.decode(hex("81 80 04 05 02 00 80"))).contains(new LinkParameters(128, 255, 1, 1));
        assertThat(LinkParameters.decode(hex("80 80 04 05 02 00 80"))).isEmpty();
        assertThat(LinkParameters.decode(hex("81 80 07 05 05 00 00 00 00 80"))).isEmpty();
    }

    private static @Nullable Frame decode(byte[] bytes) {
        return Frame.decode(bytes, 0, bytes.length);
    }
}
