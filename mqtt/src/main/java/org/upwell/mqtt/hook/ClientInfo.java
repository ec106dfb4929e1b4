// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt.hook;

import java.net.SocketAddress;
import org.upwell.broker.access.Principal;
import org.upwell.broker.message.SessionKey;
import org.upwell.codec.MqttVersion;

/// What hooks are told of a connection that has been admitted. Immutable.
public record ClientInfo(
        SessionKey session, Principal principal, MqttVersion version, String listener, SocketAddress remoteAddress) {}
