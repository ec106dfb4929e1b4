// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.file;

/// Told of a new content of a file. Runs on the directory's watching thread, changes in order; must not block.
@FunctionalInterface
public interface Changed<T> {

    void changed(T before, T after);
}
