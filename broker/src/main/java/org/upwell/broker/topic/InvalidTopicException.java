// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.topic;

/// A topic name or filter breaks the syntax of MQTT 5 §4.7. The message names the text (cut) and the fault.
public final class InvalidTopicException extends Exception {

    private static final long serialVersionUID = 1L;

    public InvalidTopicException(String message) {
        super(message, null, false, false);
    }
}
