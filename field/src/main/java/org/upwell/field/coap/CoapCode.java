// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.coap;

import java.util.Locale;

/// Codes used on the UART, as the byte on the wire: class in the upper three bits, detail in the lower five.
public final class CoapCode {
    public static final int EMPTY = 0x00;
    public static final int GET = 0x01;
    public static final int POST = 0x02;
    public static final int PUT = 0x03;
    public static final int DELETE = 0x04;

    public static final int VALID = 0x43;
    public static final int CHANGED = 0x44;
    public static final int CONTENT = 0x45;

    public static final int BAD_REQUEST = 0x80;
    public static final int UNAUTHORIZED = 0x81;
    public static final int BAD_OPTION = 0x82;
    public static final int FORBIDDEN = 0x83;
    public static final int NOT_FOUND = 0x84;
    public static final int METHOD_NOT_ALLOWED = 0x85;
    public static final int NOT_ACCEPTABLE = 0x86;
    public static final int REQUEST_ENTITY_TOO_LARGE = 0x8D;
    public static final int UNSUPPORTED_CONTENT_FORMAT = 0x8F;

    public static final int INTERNAL_SERVER_ERROR = 0xA0;
    public static final int NOT_IMPLEMENTED = 0xA1;
    public static final int SERVICE_UNAVAILABLE = 0xA3;
    public static final int GATEWAY_TIMEOUT = 0xA4;

    private CoapCode() {}

    /// 2.xx.
    public static boolean isSuccess(int code) {
        return code >> 5 == 2;
    }

    /// As people write it, for example 2.05.
    public static String text(int code) {
        return String.format(Locale.ROOT, "%d.%02d", code >> 5, code & 0x1F);
    }
}
