// SPDX-License-Identifier: Apache-2.0
/// Many NICs with their sensors in one process.
@NullMarked
package org.upwell.field.simulation;

import org.jspecify.annotations.NullMarked;
