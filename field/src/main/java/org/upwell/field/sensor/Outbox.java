// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.sensor;

/// Where the server puts what it has to say unasked: the one pending message of the link and the wake line.
interface Outbox {
    /// False: whatever is offered now is lost, so do not even make it.
    boolean accepts();

    void offer(byte[] message);
}
