// SPDX-License-Identifier: Apache-2.0
/// What the broker asks of whoever knows users and rules: who is this, and what may it do.
@NullMarked
package org.upwell.broker.access;

import org.jspecify.annotations.NullMarked;
