// SPDX-License-Identifier: Apache-2.0
/// The protocol-neutral broker: its configuration, assembly and entry points.
@NullMarked
package org.upwell.broker;

import org.jspecify.annotations.NullMarked;
