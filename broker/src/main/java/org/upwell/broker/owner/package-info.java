// SPDX-License-Identifier: Apache-2.0
/// Threads of the broker: the owners (event loops) of sessions, and how work moves between them in batches.
@NullMarked
package org.upwell.broker.owner;

import org.jspecify.annotations.NullMarked;
