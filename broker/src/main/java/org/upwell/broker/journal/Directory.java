// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.util.List;

/// The directory that a journal lives in, held against other processes. Names are plain file names. Any thread.
interface Directory extends AutoCloseable {

    List<String> list() throws IOException;

    /// Makes an empty file; there must be none of that name.
    DiskFile create(String name) throws IOException;

    DiskFile open(String name) throws IOException;

    void delete(String name) throws IOException;

    /// There must be no file of the new name. Open files stay usable.
    void rename(String from, String to) throws IOException;

    /// Returns once everything created, renamed and deleted so far would survive a power cut.
    void force() throws IOException;

    /// Space that is left for new files.
    long usableBytes() throws IOException;

    /// Lets other processes in.
    @Override
    void close() throws IOException;
}
