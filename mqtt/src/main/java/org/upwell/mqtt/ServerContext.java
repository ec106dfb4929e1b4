// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import java.util.Set;
import org.upwell.broker.Broker;

/// What all connections of a server share.
///
/// @param connections all open connections; a concurrent set
/// @param qos0Room for messages that wait beyond what a connection has of its own
/// @param unadmittedRoom for CONNECT packets of clients that are not admitted yet
/// @param unfinishedRoom for parts of packets whose rest has yet to come
record ServerContext(
        Broker broker,
        MqttLimits limits,
        HookRegistry hooks,
        Set<MqttConnection> connections,
        SharedRoom qos0Room,
        SharedRoom unadmittedRoom,
        SharedRoom unfinishedRoom) {}
