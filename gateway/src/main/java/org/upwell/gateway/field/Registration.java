// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.field;

import java.net.InetSocketAddress;
import java.time.Instant;
import org.eclipse.californium.core.network.Endpoint;
import org.upwell.access.Mac;

/// Where a device is, by its own last word.
///
/// @param address where it registered from and is reached
/// @param endpoint the endpoint that heard it and from which it is to be asked
/// @param boot how often it has started; a change means that it forgot its observe relations
/// @param since when it came to this address in this state
/// @param heard when it registered last
public record Registration(
        Mac mac, InetSocketAddress address, Endpoint endpoint, long boot, Instant since, Instant heard) {}
