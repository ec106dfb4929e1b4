// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

import java.util.List;

/// What was measured at one `n`.
///
/// @param values in the order of the curve's figures; NaN where it was too little to tell
record CurvePoint(long n, List<Double> values) {
    CurvePoint {
        values = List.copyOf(values);
    }
}
