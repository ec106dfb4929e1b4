// SPDX-License-Identifier: Apache-2.0
/// The configuration file: YAML read onto records, with every fault reported at once by file and line.
@NullMarked
package org.upwell.app.config;

import org.jspecify.annotations.NullMarked;
