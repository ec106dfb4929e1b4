// SPDX-License-Identifier: Apache-2.0
/// The device side of the network: NIC, HDLC link, sensor and their simulation.
@NullMarked
package org.upwell.field;

import org.jspecify.annotations.NullMarked;
