// SPDX-License-Identifier: Apache-2.0
/// Conformance as data: scripts of packets, played to a broker over a real socket. Shares no code with our codec,
/// so that a fault there cannot hide itself.
@NullMarked
package org.upwell.conformance.script;

import org.jspecify.annotations.NullMarked;
