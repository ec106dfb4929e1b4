// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import picocli.CommandLine.Command;

/// Stands here for the help only: the launcher runs `test` itself, since the tests build what this class is part
/// of.
@Command(name = "test", description = "Run all checks and tests, and print their totals")
final class TestCommand implements Runnable {
    @Override
    public void run() {
        throw new CommandFailure("'test' is run by the launcher: ./upwell test");
    }
}
