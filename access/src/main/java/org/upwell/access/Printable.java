// SPDX-License-Identifier: Apache-2.0
package org.upwell.access;

/// Makes text that came from a peer or a file fit to stand in a log line or a message.
public final class Printable {

    private Printable() {}

    /// At most `max` characters of `text`, control characters and lone surrogates shown as `?`.
    public static String cut(String text, int max) {
        StringBuilder out = new StringBuilder(Math.min(text.length(), max) + 1);
        for (int i = 0; i < text.length() && i < max; i++) {
            char c = text.charAt(i);
            out.append(Character.isISOControl(c) || Character.isSurrogate(c) ? '?' : c);
        }
        return text.length() > max ? out.append('…').toString() : out.toString();
    }
}
