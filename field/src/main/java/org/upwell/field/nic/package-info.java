// SPDX-License-Identifier: Apache-2.0
/// The NIC: HDLC primary towards the sensor, CoAP client and server towards the network.
@NullMarked
package org.upwell.field.nic;

import org.jspecify.annotations.NullMarked;
