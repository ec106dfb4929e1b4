// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance.script;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;

/// Bytes as a script lays them out: `30` or `0004` hexadecimal, `"t"` a string with its length before it, `'t'` the
/// same without, `x*9` nine times `x`, `*` the length of all that follows in one to four bytes.
final class HexText {

    private HexText() {}

    static byte[] bytes(List<String> words) {
        WireBytes before = new WireBytes();
        WireBytes after = null;
        for (String word : words) {
            if (word.equals("*")) {
                after = new WireBytes();
            } else {
                append(word, after == null ? before : after);
            }
        }
        if (after != null) {
            byte[] rest = after.written();
            before.variable(rest.length);
            before.raw(rest);
        }
        return before.written();
    }

    private static void append(String text, WireBytes out) {
        if (text.startsWith("\"")) {
            out.string(text.substring(1, text.length() - 1));
        } else if (text.startsWith("'")) {
            out.raw(text.substring(1, text.length() - 1).getBytes(StandardCharsets.UTF_8));
        } else if (text.indexOf('*') == 1) {
            out.raw(text.substring(0, 1)
                    .repeat(Integer.parseInt(text.substring(2)))
                    .getBytes(StandardCharsets.UTF_8));
        } else {
            out.raw(HexFormat.of().parseHex(text));
        }
    }
}
