// SPDX-License-Identifier: Apache-2.0
package org.upwell.access;

/// Where access events go: a counter, an audit log. Called on the thread that caused the event; must not block.
@FunctionalInterface
public interface AccessEvents {

    /// For those who do not listen.
    AccessEvents NONE = event -> {};

    void on(AccessEvent event);
}
