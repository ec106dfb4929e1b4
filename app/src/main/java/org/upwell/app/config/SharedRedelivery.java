// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

/// When a shared subscription's message that was sent at QoS 1 and not acknowledged goes to another member.
public enum SharedRedelivery {
    SESSION_END,
    CONNECTION_LOSS;

    String spelling() {
        return Spelling.kebab(this);
    }
}
