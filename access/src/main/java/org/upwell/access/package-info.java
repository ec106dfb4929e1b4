// SPDX-License-Identifier: Apache-2.0
/// Who a peer is, whose it is and what it may do.
@NullMarked
package org.upwell.access;

import org.jspecify.annotations.NullMarked;
