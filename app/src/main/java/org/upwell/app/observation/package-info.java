// SPDX-License-Identifier: Apache-2.0
/// What tenants wrote back about their devices.
@NullMarked
package org.upwell.app.observation;

import org.jspecify.annotations.NullMarked;
