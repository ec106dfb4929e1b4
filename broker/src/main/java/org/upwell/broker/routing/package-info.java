// SPDX-License-Identifier: Apache-2.0
/// From an accepted message to the sessions that want it.
@NullMarked
package org.upwell.broker.routing;

import org.jspecify.annotations.NullMarked;
