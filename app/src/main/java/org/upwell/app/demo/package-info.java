// SPDX-License-Identifier: Apache-2.0
/// The whole product in one process, on a simulated field: to see it work, and to prove that nothing is lost on the
/// way.
@NullMarked
package org.upwell.app.demo;

import org.jspecify.annotations.NullMarked;
