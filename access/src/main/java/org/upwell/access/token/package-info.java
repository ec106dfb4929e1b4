// SPDX-License-Identifier: Apache-2.0
/// Tokens: signing keys, issuing, verifying, and the exchange of client secrets.
@NullMarked
package org.upwell.access.token;

import org.jspecify.annotations.NullMarked;
