// SPDX-License-Identifier: Apache-2.0
/// Topic names and filters, the subscription tree and what it finds.
@NullMarked
package org.upwell.broker.topic;

import org.jspecify.annotations.NullMarked;
