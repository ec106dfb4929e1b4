// SPDX-License-Identifier: Apache-2.0
/// The `$SYS` tree: what the broker publishes about itself.
@NullMarked
package org.upwell.broker.sys;

import org.jspecify.annotations.NullMarked;
