// SPDX-License-Identifier: Apache-2.0
/// Payloads made readable for people.
@NullMarked
package org.upwell.app.payload;

import org.jspecify.annotations.NullMarked;
