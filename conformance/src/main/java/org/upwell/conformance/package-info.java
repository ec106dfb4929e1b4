// SPDX-License-Identifier: Apache-2.0
/// Black-box checks of the assembled product over real sockets.
@NullMarked
package org.upwell.conformance;

import org.jspecify.annotations.NullMarked;
