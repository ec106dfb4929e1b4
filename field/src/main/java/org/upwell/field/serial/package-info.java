// SPDX-License-Identifier: Apache-2.0
/// Serial ports, real ones and pseudo-terminals.
@NullMarked
package org.upwell.field.serial;

import org.jspecify.annotations.NullMarked;
