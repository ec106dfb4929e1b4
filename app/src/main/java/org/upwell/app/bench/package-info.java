// SPDX-License-Identifier: Apache-2.0
/// Brokers measured side by side, and the cost of one as its load grows.
@NullMarked
package org.upwell.app.bench;

import org.jspecify.annotations.NullMarked;
