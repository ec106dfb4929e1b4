// SPDX-License-Identifier: Apache-2.0
/// What happens to connections, sessions and messages, as typed events and counters.
@NullMarked
package org.upwell.broker.event;

import org.jspecify.annotations.NullMarked;
