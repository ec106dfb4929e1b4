// SPDX-License-Identifier: Apache-2.0
/// The thread that owns a device, with its timers; JDK only.
@NullMarked
package org.upwell.field.loop;

import org.jspecify.annotations.NullMarked;
