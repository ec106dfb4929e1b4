// SPDX-License-Identifier: Apache-2.0
/// Sessions of applications, bound to their UDP endpoints.
@NullMarked
package org.upwell.gateway.session;

import org.jspecify.annotations.NullMarked;
