// SPDX-License-Identifier: Apache-2.0
package org.upwell.access;

import java.nio.charset.StandardCharsets;

/// The rules for tenant IDs (field protocol §2). A tenant ID is one literal topic level and is never parsed as
/// anything else, so nothing that could be a separator or wildcard may be in it.
public final class TenantId {

    /// The tenant of everybody who logs in with a user name. No token may claim it.
    public static final String INTERNAL = "ssni";

    /// In bytes of UTF-8.
    public static final int MAX_BYTES = 128;

    private TenantId() {}

    /// Returns `text` if it may be a tenant ID.
    ///
    /// @throws IllegalArgumentException naming the fault
    public static String check(String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("tenant ID is empty");
        }
        if (text.charAt(0) == '$') {
            throw fault(text, "must not begin with '$'");
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '/' || c == '+' || c == '#') {
                throw fault(text, "must not contain '" + c + "'");
            }
            if (Character.isISOControl(c)) {
                throw fault(text, "must not contain control characters");
            }
            if (Character.isSurrogate(c)) {
                i = endOfPair(text, i);
            }
        }
        if (text.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
            throw fault(text, "must not be longer than " + MAX_BYTES + " bytes");
        }
        return text;
    }

    /// True if [#check(String)] would return.
    public static boolean isValid(String text) {
        try {
            check(text);
            return true;
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    private static int endOfPair(String text, int at) {
        boolean pair = Character.isHighSurrogate(text.charAt(at))
                && at + 1 < text.length()
                && Character.isLowSurrogate(text.charAt(at + 1));
        if (!pair) {
            // It could not be written to a topic: not UTF-8.
            throw fault(text, "must not contain half a surrogate pair");
        }
        return at + 1;
    }

    private static IllegalArgumentException fault(String text, String rule) {
        return new IllegalArgumentException("tenant ID '" + Printable.cut(text, 40) + "' " + rule);
    }
}
