// SPDX-License-Identifier: Apache-2.0
/// Tells over MQTT which devices are reachable.
@NullMarked
package org.upwell.gateway.presence;

import org.jspecify.annotations.NullMarked;
