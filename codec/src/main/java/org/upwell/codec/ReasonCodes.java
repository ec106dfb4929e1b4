// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import org.jspecify.annotations.Nullable;

/// The reason codes that each packet may carry, told apart by sender where the specification does so. Also the return
/// codes of 3.x, whose CONNACK and SUBACK have their own small tables. Immutable.
final class ReasonCodes {

    /// [MQTT-3.2.2-8]
    static final ReasonCodes CONNACK = new ReasonCodes(
            0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A,
            0x9B, 0x9C, 0x9D, 0x9F);

    /// [MQTT-3.4.2-1], [MQTT-3.5.2-1]
    static final ReasonCodes PUBACK_PUBREC = new ReasonCodes(0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99);

    /// [MQTT-3.6.2-1], [MQTT-3.7.2-1]
    static final ReasonCodes PUBREL_PUBCOMP = new ReasonCodes(0x00, 0x92);

    /// [MQTT-3.9.3-2]
    static final ReasonCodes SUBACK =
            new ReasonCodes(0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2);

    /// [MQTT3-3.9.3-2]
    static final ReasonCodes SUBACK_3 = new ReasonCodes(0x00, 0x01, 0x02, 0x80);

    /// [MQTT-3.11.3-2]
    static final ReasonCodes UNSUBACK = new ReasonCodes(0x00, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91);

    /// [MQTT-3.14.2-1], sent by a client.
    static final ReasonCodes DISCONNECT_FROM_CLIENT =
            new ReasonCodes(0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99);

    /// [MQTT-3.14.2-1], sent by a server; with 0x8C, which table 2-6 lists for DISCONNECT too.
    static final ReasonCodes DISCONNECT_FROM_SERVER = new ReasonCodes(
            0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97,
            0x98, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2);

    /// [MQTT-3.15.2-1], sent by a client.
    static final ReasonCodes AUTH_FROM_CLIENT = new ReasonCodes(0x18, 0x19);

    /// [MQTT-3.15.2-1], sent by a server.
    static final ReasonCodes AUTH_FROM_SERVER = new ReasonCodes(0x00, 0x18);

    private final @Nullable ReasonCode[] byCode = new @Nullable ReasonCode[256];

    private ReasonCodes(int... codes) {
        for (int code : codes) {
            byCode[code] = ReasonCode.of(code);
        }
    }

    /// The reason for a byte, 0 to 255, or null if the packet may not carry it.
    @Nullable
    ReasonCode find(int code) {
        return byCode[code];
    }

    /// The CONNACK return code of 3.x that comes closest ([MQTT3-3.2.2-6] has no others).
    static int connectReturnCode(ReasonCode reason) {
        return switch (reason) {
            case SUCCESS -> 0;
            case UNSUPPORTED_PROTOCOL_VERSION -> 1;
            case CLIENT_IDENTIFIER_NOT_VALID -> 2;
            case BAD_USER_NAME_OR_PASSWORD, BAD_AUTHENTICATION_METHOD -> 4;
            case NOT_AUTHORIZED, BANNED, TOPIC_NAME_INVALID, RETAIN_NOT_SUPPORTED, QOS_NOT_SUPPORTED -> 5;
            default -> 3;
        };
    }

    /// The reason for a CONNACK return code of 3.x, or null if 3.x defines none.
    static @Nullable ReasonCode ofConnectReturnCode(int code) {
        return switch (code) {
            case 0 -> ReasonCode.SUCCESS;
            case 1 -> ReasonCode.UNSUPPORTED_PROTOCOL_VERSION;
            case 2 -> ReasonCode.CLIENT_IDENTIFIER_NOT_VALID;
            case 3 -> ReasonCode.SERVER_UNAVAILABLE;
            case 4 -> ReasonCode.BAD_USER_NAME_OR_PASSWORD;
            case 5 -> ReasonCode.NOT_AUTHORIZED;
            default -> null;
        };
    }
}
