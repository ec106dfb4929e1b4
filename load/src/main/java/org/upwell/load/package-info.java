// SPDX-License-Identifier: Apache-2.0
/// Load on an MQTT broker from one event loop, with exact accounts of what was lost, repeated or out of order.
@NullMarked
package org.upwell.load;

import org.jspecify.annotations.NullMarked;
