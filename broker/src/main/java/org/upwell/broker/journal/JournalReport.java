// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.util.List;

/// What an inspection of a journal's files found and, if it was a repair, did.
///
/// @param segments that were read
/// @param records whole records in them
/// @param bytes of these records
/// @param problems damage that keeps the journal from being opened; empty if there is none
/// @param actions what the repair did about it
public record JournalReport(int segments, long records, long bytes, List<String> problems, List<String> actions) {

    public JournalReport {
        problems = List.copyOf(problems);
        actions = List.copyOf(actions);
    }

    public boolean isSound() {
        return problems.isEmpty();
    }
}
