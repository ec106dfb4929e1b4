// SPDX-License-Identifier: Apache-2.0
/// Directories that are gone when what used them has ended.
@NullMarked
package org.upwell.app.file;

import org.jspecify.annotations.NullMarked;
