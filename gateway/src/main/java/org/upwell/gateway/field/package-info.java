// SPDX-License-Identifier: Apache-2.0
/// The side of the devices: registrations, the address book and the field listener.
@NullMarked
package org.upwell.gateway.field;

import org.jspecify.annotations.NullMarked;
