// SPDX-License-Identifier: Apache-2.0
/// Assembles the product: configuration, servers, command line and demo.
@NullMarked
package org.upwell.app;

import org.jspecify.annotations.NullMarked;
