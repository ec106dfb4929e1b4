// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt.hook;

import java.util.concurrent.CompletionStage;
import org.upwell.codec.Packet;

/// Sees packets of the types that it is registered for. May take as long as it likes: the same client's later
/// packets in that direction wait for it, nobody else does. Never called on an event loop.
public interface Interceptor {

    /// A stage that fails lets the packet pass to the rest of the chain as this interceptor got it, and the failure
    /// is logged. A PUBLISH from a client comes with its topic name, also where the client used an alias.
    CompletionStage<Verdict> intercept(ClientInfo client, Packet packet);
}
