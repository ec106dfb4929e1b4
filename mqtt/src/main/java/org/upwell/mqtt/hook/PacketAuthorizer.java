// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt.hook;

import java.util.concurrent.CompletionStage;
import org.upwell.codec.Publish;
import org.upwell.codec.Subscribe;

/// Says no to what the role table already allowed. May answer later; the client's next packets wait for it. Never
/// called on an event loop. A stage that fails means no.
public interface PacketAuthorizer {

    CompletionStage<Boolean> mayPublish(ClientInfo client, Publish publish);

    CompletionStage<Boolean> maySubscribe(ClientInfo client, Subscribe.Request request);
}
