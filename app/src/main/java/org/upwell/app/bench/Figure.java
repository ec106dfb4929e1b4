// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

/// A figure that a curve has of each of its points.
///
/// @param word its name in JSON
/// @param label its name in the table, with its unit
record Figure(String word, String label, Kind kind) {

    /// What a figure is a cost of, and so how it may grow.
    enum Kind {
        /// No cost: units per second.
        RATE,
        /// CPU in µs of each unit: that of all may grow with their number.
        CPU_OF_EACH,
        /// CPU in µs of one thing that has all units in it: may grow with their number.
        CPU_OF_WHOLE,
        /// CPU in µs of what is done beside the units: is not to grow at all.
        CPU_BESIDE,
        /// Bytes that each unit takes: those of all may grow with their number.
        BYTES_OF_EACH;

        boolean isCost() {
            return this != RATE;
        }

        boolean isBytes() {
            return this == BYTES_OF_EACH;
        }

        /// What of a figure is drawn, and compared with the number of units.
        double total(long n, double figure) {
            return this == CPU_OF_EACH || this == BYTES_OF_EACH ? n * figure : figure;
        }

        /// The largest exponent that is as wanted.
        int wantedExponent() {
            return this == CPU_BESIDE ? 0 : 1;
        }
    }
}
