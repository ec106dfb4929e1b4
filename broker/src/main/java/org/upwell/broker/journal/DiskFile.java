// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.nio.ByteBuffer;

/// One file, read and written at positions. One thread writes; several may read at the same time.
interface DiskFile extends AutoCloseable {

    /// Reads until `into` is full or the file ends.
    ///
    /// @return the bytes read
    int read(ByteBuffer into, long position) throws IOException;

    /// Writes all that remains in `from`.
    void write(ByteBuffer from, long position) throws IOException;

    /// Returns once everything written so far, and the size, would survive a power cut. After it failed nothing is
    /// known about what was written.
    void force() throws IOException;

    long size() throws IOException;

    void truncate(long size) throws IOException;

    @Override
    void close() throws IOException;
}
