// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

/// Which message goes when a client's queue is full.
public enum QueueOverflow {
    DROP_NEWEST,
    DROP_OLDEST;

    String spelling() {
        return Spelling.kebab(this);
    }
}
