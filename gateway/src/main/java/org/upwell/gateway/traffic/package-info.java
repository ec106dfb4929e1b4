// SPDX-License-Identifier: Apache-2.0
/// What goes through the gateway, counted by whose it is and shown to operators who ask for one device.
@NullMarked
package org.upwell.gateway.traffic;

import org.jspecify.annotations.NullMarked;
