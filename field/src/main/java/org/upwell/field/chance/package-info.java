// SPDX-License-Identifier: Apache-2.0
/// What befalls a simulated field, repeatably.
@NullMarked
package org.upwell.field.chance;

import org.jspecify.annotations.NullMarked;
