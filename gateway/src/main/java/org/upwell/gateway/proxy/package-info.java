// SPDX-License-Identifier: Apache-2.0
/// The forward proxy: requests and observe relations of applications, carried on to devices.
@NullMarked
package org.upwell.gateway.proxy;

import org.jspecify.annotations.NullMarked;
