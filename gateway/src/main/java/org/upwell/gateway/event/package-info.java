// SPDX-License-Identifier: Apache-2.0
/// What happened in the gateway, by kind, and how often.
@NullMarked
package org.upwell.gateway.event;

import org.jspecify.annotations.NullMarked;
