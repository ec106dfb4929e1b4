// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import java.util.Set;
import org.upwell.broker.Broker;

/// What all connections of a server share.
///
/// @param connections all open connections; a concurrent set
record ServerContext(Broker broker, MqttLimits limits, HookRegistry hooks, Set<MqttConnection> connections) {}
