// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

/// Which message goes when a queue is full.
public enum OverflowRule {
    DROP_NEWEST,
    DROP_OLDEST
}
