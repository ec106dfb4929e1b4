// SPDX-License-Identifier: Apache-2.0
/// Benchmarks of what the package of this name keeps to itself.
@NullMarked
package org.upwell.broker.session;

import org.jspecify.annotations.NullMarked;
