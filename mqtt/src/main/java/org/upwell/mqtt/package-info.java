// SPDX-License-Identifier: Apache-2.0
/// The MQTT edge on Netty: listeners, pipeline, connections and QoS handshakes.
@NullMarked
package org.upwell.mqtt;

import org.jspecify.annotations.NullMarked;
