// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// Stands here for the help only: the launcher runs it, since the benchmarks are a module that the product does not
/// contain.
@Command(
        name = "micro",
        description = "Run the JMH benchmarks of codec, subscription tree, queue and journal; options are JMH's")
final class BenchMicroCommand implements Runnable {
    @Parameters(paramLabel = "PATTERN", arity = "0..*", description = "Which benchmarks, by a part of their names")
    @SuppressWarnings({"NullAway.Init", "UnusedVariable"}) // for the help
    private String[] patterns;

    @Override
    public void run() {
        throw new CommandFailure("'bench micro' is run by the launcher: ./upwell bench micro");
    }
}
