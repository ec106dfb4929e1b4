// SPDX-License-Identifier: Apache-2.0
/// Users, tenants and devices, kept in files under the data directory.
@NullMarked
package org.upwell.access.registry;

import org.jspecify.annotations.NullMarked;
