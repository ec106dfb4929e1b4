// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.tls;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/// A file of pre-shared keys: on each line an identity and its key in hex, apart by white space; `#` begins a line
/// that says nothing. Faults name the line, never the key.
public final class PreSharedKeys {
    private static final Pattern WHITE_SPACE = Pattern.compile("\\s+");

    /// Shorter ones can be guessed from one handshake that was overheard.
    private static final int MIN_KEY_BYTES = 16;

    private static final int MAX_IDENTITY_BYTES = 128;

    private PreSharedKeys() {}

    /// @throws IOException naming the file and the line
    public static Map<String, byte[]> read(Path file) throws IOException {
        Map<String, byte[]> keys = new HashMap<>();
        List<String> lines = Files.readAllLines(file);
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (!line.isEmpty() && !line.startsWith("#")) {
                add(keys, file + ":" + (i + 1), WHITE_SPACE.split(line));
            }
        }
        if (keys.isEmpty()) {
            throw new IOException(file + ": there is no key in it");
        }
        return keys;
    }

    private static void add(Map<String, byte[]> keys, String place, String[] parts) throws IOException {
        if (parts.length != 2 || parts[0].getBytes(StandardCharsets.UTF_8).length > MAX_IDENTITY_BYTES) {
            throw new IOException(place + ": expected an identity and a key in hex");
        }
        byte[] key;
        try {
            key = HexFormat.of().parseHex(parts[1]);
        } catch (IllegalArgumentException _) {
            throw new IOException(place + ": the key is not in hex");
        }
        if (key.length < MIN_KEY_BYTES) {
            throw new IOException(place + ": the key must have at least " + MIN_KEY_BYTES + " bytes");
        }
        if (keys.put(parts[0], key) != null) {
            throw new IOException(place + ": the identity has a key already");
        }
    }
}
