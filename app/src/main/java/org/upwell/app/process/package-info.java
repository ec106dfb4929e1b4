// SPDX-License-Identifier: Apache-2.0
/// Processes that this program starts, and only these.
@NullMarked
package org.upwell.app.process;

import org.jspecify.annotations.NullMarked;
