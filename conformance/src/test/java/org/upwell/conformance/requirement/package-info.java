// SPDX-License-Identifier: Apache-2.0
/// Which normative statements of MQTT are covered by which tests.
@NullMarked
package org.upwell.conformance.requirement;

import org.jspecify.annotations.NullMarked;
