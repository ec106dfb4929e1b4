// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.traffic;

import java.time.Instant;
import org.eclipse.californium.core.coap.Message;
import org.jspecify.annotations.Nullable;
import org.upwell.access.Mac;

/// A message that passes a listener.
///
/// @param device the one that it names, or whose address the peer has; null if neither is known
/// @param uri of a request; else empty
/// @param nanos for differences
record Sighting(
        String listener,
        boolean incoming,
        String peer,
        Message message,
        @Nullable Mac device,
        String uri,
        Instant time,
        long nanos) {}
