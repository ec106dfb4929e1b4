// SPDX-License-Identifier: Apache-2.0
/// Messages as the broker keeps them, without any protocol's framing. QoS is its code 0 to 2 here.
@NullMarked
package org.upwell.broker.message;

import org.jspecify.annotations.NullMarked;
