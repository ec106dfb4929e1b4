// SPDX-License-Identifier: Apache-2.0
/// Where log lines go and which are written.
@NullMarked
package org.upwell.app.log;

import org.jspecify.annotations.NullMarked;
