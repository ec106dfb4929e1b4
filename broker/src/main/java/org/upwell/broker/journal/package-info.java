// SPDX-License-Identifier: Apache-2.0
/// The durable store: a log of segments on disk, its fold in memory, cleaning, recovery and care of the files.
@NullMarked
package org.upwell.broker.journal;

import org.jspecify.annotations.NullMarked;
