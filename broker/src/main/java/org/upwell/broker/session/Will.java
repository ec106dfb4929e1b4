// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import org.upwell.broker.message.Message;

/// What is to be published when a connection ends without a clean DISCONNECT.
///
/// @param delaySeconds 0 to 4,294,967,295; ends early with the session ([MQTT-3.1.3-9])
public record Will(Message message, long delaySeconds) {}
