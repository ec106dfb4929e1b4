// SPDX-License-Identifier: Apache-2.0
/// Files of facts, by which the gateway remembers beyond its process.
@NullMarked
package org.upwell.gateway.journal;

import org.jspecify.annotations.NullMarked;
