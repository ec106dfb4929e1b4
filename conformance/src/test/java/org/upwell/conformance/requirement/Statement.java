// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance.requirement;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// One numbered statement of a specification's conformance appendix, in our words.
///
/// @param id as we cite it, without brackets: `MQTT-…` of MQTT 5, `MQTT3-…` of 3.1.1
record Statement(String id, Side side, String text) {

    /// Whom a statement binds.
    enum Side {
        CLIENT,
        SERVER,
        BOTH;

        boolean bindsServer() {
            return this != CLIENT;
        }
    }

    /// Reads a list: one line per statement with id, side and text, parted by tabs.
    static List<Statement> read(String resource) throws IOException {
        List<Statement> statements = new ArrayList<>();
        for (String[] columns : rows(resource, 3)) {
            statements.add(new Statement(columns[0], Side.valueOf(columns[1].toUpperCase(Locale.ROOT)), columns[2]));
        }
        return statements;
    }

    /// Why a statement has no test.
    ///
    /// @param isOpen true for what is still to be built, false for what cannot arise
    record Gap(boolean isOpen, String reason) {}

    /// Reads the gaps: id, `open` or `none`, and reason.
    static Map<String, Gap> readGaps(String resource) throws IOException {
        Map<String, Gap> gaps = new LinkedHashMap<>();
        for (String[] columns : rows(resource, 3)) {
            gaps.put(columns[0], new Gap(columns[1].equals("open"), columns[2]));
        }
        return gaps;
    }

    private static List<String[]> rows(String resource, int columns) throws IOException {
        List<String[]> rows = new ArrayList<>();
        int number = 0;
        for (String line : text(resource).lines().toList()) {
            number++;
            if (line.isEmpty()) {
                continue;
            }
            String[] row = line.split("\t", -1);
            if (row.length != columns) {
                throw new IOException(resource + " line " + number + ": " + row.length + " columns, not " + columns);
            }
            rows.add(row);
        }
        return rows;
    }

    private static String text(String resource) throws IOException {
        try (InputStream in = Statement.class.getResourceAsStream("/requirements/" + resource)) {
            if (in == null) {
                throw new IOException("no resource requirements/" + resource);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
