// SPDX-License-Identifier: Apache-2.0
package org.upwell.field;

import java.util.Arrays;
import java.util.HexFormat;

/// The frames of field protocol §6, byte for byte.
public final class Vectors {
    public static final byte[] SNRM = hex("7E A0 07 03 03 93 8C 11 7E");
    public static final byte[] UA = hex("7E A0 20 03 03 73 F0 2E 81 80 14 05 02 00 FF 06 02 00 FF 07 04 00 00 00 01"
            + " 08 04 00 00 00 01 36 19 7E");
    public static final byte[] DISC = hex("7E A0 07 03 03 53 80 D7 7E");
    public static final byte[] UA_TO_DISC = hex("7E A0 07 03 03 73 82 F6 7E");
    public static final byte[] DM = hex("7E A0 07 03 03 1F E8 5F 7E");
    public static final byte[] RR_0 = hex("7E A0 07 03 03 11 96 B6 7E");
    public static final byte[] RR_1 = hex("7E A0 07 03 03 31 94 97 7E");
    public static final byte[] FRMR = hex("7E A0 07 03 03 97 A8 57 7E");
    public static final byte[] I_WITHOUT_INFO = hex("7E A0 07 03 03 30 1D 86 7E");
    public static final byte[] GET_TEMP = hex(
            "7E A0 1F 03 03 10 66 81 40 01 12 34 B7 61 72 64 75 69 6E 6F 04 74 65 6D" + " 70 44 73 65 6E 73 C6 CD 7E");
    public static final byte[] GET_TEMP_ANSWER = hex("7E A0 2B 03 03 30 7A 9E 60 45 12 34 C1 3C FF A2 00 64 74 65 6D"
            + " 70 01 72 31 35 34 30 35 38 34 39 38 32 2C 37 32 2E 35 30 2C 46 30 1A 7E");
    public static final byte[] REBOOT_EVENT =
            hex("7E A0 1D 03 03 10 10 B8 50 03 FF FF B3 73 79 73 04 73 6E 73 72 46" + " 65 76 3D 72 62 74 39 4B 7E");
    public static final byte[] PUT_TIME = hex("7E A0 21 03 03 10 D6 63 40 03 12 33 B3 73 79 73 04 74 69 6D 65 FF 06 08"
            + " 5B D3 76 16 00 00 00 00 DA DA 7E");
    public static final byte[] PUT_TIME_ANSWER = hex("7E A0 0D 03 03 30 B3 5A 60 44 12 33 45 AE 7E");
    public static final byte[] REGISTER = hex("7E A0 24 03 03 10 81 0D 44 01 12 35 C0 FF EE 01 60 57 61 72 64 75 69 6E"
            + " 6F 04 74 65 6D 70 44 73 65 6E 73 B9 E8 7E");
    public static final byte[] REGISTER_ANSWER =
            hex("7E A0 15 03 03 30 CA 7C 64 43 12 35 C0 FF EE 01 63 00 00 03 22 0D 7E");
    public static final byte[] NOTIFICATION = hex("7E A0 38 03 03 10 14 59 54 45 76 52 C0 FF EE 01 63 00 00 04 61 3C 24"
            + " 00 00 00 5A FF A2 00 64 74 65 6D 70 01 72 31 35 34 30 35 38 35 30 34 32 2C 37 32 2E 35 30 2C 46 CE"
            + " 8C 7E");
    public static final byte[] CANCEL = hex("7E A0 25 03 03 10 3A 11 44 01 12 36 C0 FF EE 01 61 01 57 61 72 64 75 69 6E"
            + " 6F 04 74 65 6D 70 44 73 65 6E 73 F6 45 7E");
    public static final byte[] CANCEL_ANSWER = hex("7E A0 11 03 03 30 26 0E 64 45 12 36 C0 FF EE 01 87 AB 7E");

    /// What the sensor's clock is set to so that its next reading is the one of [#GET_TEMP_ANSWER].
    public static final long READING_EPOCH_SECONDS = 1_540_584_982L;
    /// The payload of [#GET_TEMP_ANSWER].
    public static final byte[] WRAPPED_READING =
            hex("A2 00 64 74 65 6D 70 01 72 31 35 34 30 35 38 34 39 38 32 2C 37 32 2E 35 30 2C 46");

    private Vectors() {}

    public static byte[] hex(String spaced) {
        return HexFormat.of().parseHex(spaced.replace(" ", ""));
    }

    /// The CoAP message inside a frame.
    public static byte[] info(byte[] frame) {
        return Arrays.copyOfRange(frame, 8, frame.length - 3);
    }
}
