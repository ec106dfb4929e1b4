// SPDX-License-Identifier: Apache-2.0
/// Files that several processes read and change: located parsing, locking, atomic replacement, reloading.
@NullMarked
package org.upwell.access.file;

import org.jspecify.annotations.NullMarked;
