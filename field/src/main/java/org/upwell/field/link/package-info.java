// SPDX-License-Identifier: Apache-2.0
/// Byte streams between NIC and sensor, with the wake line where there is one; JDK only.
@NullMarked
package org.upwell.field.link;

import org.jspecify.annotations.NullMarked;
