// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/// Bytes laid out for a reader: hexadecimal pairs and 'quoted text', each line with a label behind a bar.
final class LabelledBytes {

    private LabelledBytes() {}

    static byte[] of(String layout) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        layout.lines().forEach(line -> {
            int bar = line.indexOf('|');
            String code = (bar < 0 ? line : line.substring(0, bar)).strip();
            for (String word : code.split("\\s+", -1)) {
                if (word.startsWith("'")) {
                    bytes.writeBytes(word.substring(1, word.length() - 1).getBytes(StandardCharsets.UTF_8));
                } else if (!word.isEmpty()) {
                    bytes.write(Integer.parseInt(word, 16));
                }
            }
        });
        return bytes.toByteArray();
    }
}
