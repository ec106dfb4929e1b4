// SPDX-License-Identifier: Apache-2.0
/// The commands of `./upwell`: what a person types and reads.
@NullMarked
package org.upwell.app.cli;

import org.jspecify.annotations.NullMarked;
