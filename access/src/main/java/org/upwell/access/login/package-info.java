// SPDX-License-Identifier: Apache-2.0
/// Tells who a peer is, by token or by password, and wires the parts of access together.
@NullMarked
package org.upwell.access.login;

import org.jspecify.annotations.NullMarked;
