// SPDX-License-Identifier: Apache-2.0
/// What survives: the store's interface and its in-memory form.
@NullMarked
package org.upwell.broker.store;

import org.jspecify.annotations.NullMarked;
