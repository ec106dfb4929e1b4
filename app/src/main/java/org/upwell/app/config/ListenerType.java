// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

/// How MQTT clients reach a listener.
public enum ListenerType {
    TCP,
    TLS;

    String spelling() {
        return Spelling.kebab(this);
    }
}
