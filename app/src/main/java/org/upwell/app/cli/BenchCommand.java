// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Holds the commands that measure.
@Command(
        name = "bench",
        description = "Measure a broker or a gateway",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            BenchLoadCommand.class,
            BenchCompareCommand.class,
            BenchCurvesCommand.class,
            BenchGatewayCommand.class,
            BenchMicroCommand.class
        })
final class BenchCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before run
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Name a command of 'bench'");
    }
}
