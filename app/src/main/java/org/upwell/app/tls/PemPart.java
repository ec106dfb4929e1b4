// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.tls;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// One encoded thing of a PEM file (RFC 7468): what its label says it is, and its text with both boundary lines.
/// What stands outside of boundary lines is explanation and is passed over.
///
/// @param label such as `CERTIFICATE`
record PemPart(String label, String text) {

    private static final Pattern BEGIN = Pattern.compile("^-----BEGIN ([A-Z0-9 ]+)-----\\s*$", Pattern.MULTILINE);
    private static final int LINE = 64;
    private static final byte[] LINE_END = {'\n'};

    /// All that a file holds, in its order.
    ///
    /// @throws IOException if the file cannot be read or a part has no end, naming the file
    static List<PemPart> read(Path file) throws IOException {
        String all;
        try {
            all = Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            throw new IOException(file + ": there is no such file", e);
        } catch (IOException e) {
            throw new IOException(file + ": cannot be read: " + e.getMessage(), e);
        }
        List<PemPart> parts = new ArrayList<>();
        Matcher begin = BEGIN.matcher(all);
        int from = 0;
        while (begin.find(from)) {
            String end = "-----END " + begin.group(1) + "-----";
            int at = all.indexOf(end, begin.end());
            if (at < 0) {
                throw new IOException(file + ": cannot be read as PEM: a line '" + end + "' is missing");
            }
            from = at + end.length();
            parts.add(new PemPart(begin.group(1), all.substring(begin.start(), from) + "\n"));
        }
        return parts;
    }

    /// A part that holds `der`, as text to write to a file.
    static String write(String label, byte[] der) {
        return "-----BEGIN " + label + "-----\n"
                + Base64.getMimeEncoder(LINE, LINE_END).encodeToString(der)
                + "\n-----END " + label + "-----\n";
    }

    /// What is encoded. Old forms have headers before it, which this does not read.
    ///
    /// @throws IllegalArgumentException if it is not Base64
    byte[] der() {
        String body = text.substring(text.indexOf('\n') + 1, text.lastIndexOf("-----END "));
        return Base64.getDecoder().decode(body.replaceAll("\\s", ""));
    }
}
