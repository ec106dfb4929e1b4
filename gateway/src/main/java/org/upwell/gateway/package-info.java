// SPDX-License-Identifier: Apache-2.0
/// The CoAP edge: field and application listeners, bridge to MQTT, forward proxy and presence.
@NullMarked
package org.upwell.gateway;

import org.jspecify.annotations.NullMarked;
