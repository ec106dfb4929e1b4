// SPDX-License-Identifier: Apache-2.0
/// HDLC on the UART: frames, the primary (NIC) and the secondary (sensor); no I/O, no clock, JDK only.
@NullMarked
package org.upwell.field.hdlc;

import org.jspecify.annotations.NullMarked;
