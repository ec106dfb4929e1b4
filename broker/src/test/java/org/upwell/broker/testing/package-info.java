// SPDX-License-Identifier: Apache-2.0
/// What tests of the broker and of its edges share: fake event loops, connections and stores, and seeds.
@NullMarked
package org.upwell.broker.testing;

import org.jspecify.annotations.NullMarked;
