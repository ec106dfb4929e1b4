// SPDX-License-Identifier: Apache-2.0
/// A whole field in one process: very many NICs behind access points, with the mesh's weather; JDK only.
@NullMarked
package org.upwell.field.mesh;

import org.jspecify.annotations.NullMarked;
