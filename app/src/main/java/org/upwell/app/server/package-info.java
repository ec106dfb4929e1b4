// SPDX-License-Identifier: Apache-2.0
/// Puts the parts together by hand: a server, or a gateway in a process of its own.
@NullMarked
package org.upwell.app.server;

import org.jspecify.annotations.NullMarked;
