// SPDX-License-Identifier: Apache-2.0
/// The words that all parts of access share: device addresses, tenant IDs and the events that access reports.
@NullMarked
package org.upwell.access;

import org.jspecify.annotations.NullMarked;
