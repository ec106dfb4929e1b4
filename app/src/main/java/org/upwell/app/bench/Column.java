// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

import java.util.Locale;
import tools.jackson.databind.JsonNode;

/// A number of a run that the table shows.
///
/// @param path of names in the generator's report, with dots
/// @param divisor what the reported unit is divided by
record Column(String label, String path, double divisor) {

    static Column of(String label, String path) {
        return new Column(label, path, 1);
    }

    /// NaN if the report does not have it.
    double in(JsonNode report) {
        JsonNode at = report;
        for (String name : path.split("\\.", -1)) {
            at = at.path(name);
        }
        return at.isNumber() ? at.asDouble() / divisor : Double.NaN;
    }

    static String text(double value) {
        if (!Double.isFinite(value)) {
            return "-";
        }
        double size = Math.abs(value);
        return String.format(Locale.ROOT, size >= 1000 || value == Math.rint(value) ? "%,.0f" : "%.2f", value);
    }
}
