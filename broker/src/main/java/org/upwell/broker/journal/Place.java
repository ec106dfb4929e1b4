// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

/// The retained place of one topic. Owned by the writer thread.
///
/// Older retained messages of the topic may still be on disk. Should the place be emptied, they must not rise
/// again: the record that says so names the segments from [#oldest] to [#latest] and is kept while one of them
/// exists.
final class Place {

    /// The message in it, never 0.
    long sequence;
    int oldest;
    int latest;

    Place(long sequence) {
        this.sequence = sequence;
    }

    void olderIn(int segment) {
        oldest = oldest == 0 ? segment : Math.min(oldest, segment);
        latest = Math.max(latest, segment);
    }
}
