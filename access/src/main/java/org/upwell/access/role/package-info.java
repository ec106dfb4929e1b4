// SPDX-License-Identifier: Apache-2.0
/// The role table and what it compiles to.
@NullMarked
package org.upwell.access.role;

import org.jspecify.annotations.NullMarked;
