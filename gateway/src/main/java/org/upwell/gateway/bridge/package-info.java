// SPDX-License-Identifier: Apache-2.0
/// From a device's notification to an acknowledged MQTT message.
@NullMarked
package org.upwell.gateway.bridge;

import org.jspecify.annotations.NullMarked;
