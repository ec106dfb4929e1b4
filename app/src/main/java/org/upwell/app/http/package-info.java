// SPDX-License-Identifier: Apache-2.0
/// HTTP: tokens, the tenants' view of their devices, administration, health and metrics.
@NullMarked
package org.upwell.app.http;

import org.jspecify.annotations.NullMarked;
