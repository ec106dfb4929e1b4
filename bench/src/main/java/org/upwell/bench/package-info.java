// SPDX-License-Identifier: Apache-2.0
/// JMH benchmarks of the parts that every message passes.
@NullMarked
package org.upwell.bench;

import org.jspecify.annotations.NullMarked;
