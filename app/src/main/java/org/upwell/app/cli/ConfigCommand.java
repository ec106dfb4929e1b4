// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.nio.file.Path;
import org.upwell.app.config.ConfigText;
import org.upwell.app.config.UpwellConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Looks at configuration files.
@Command(name = "config", description = "Check a configuration file")
final class ConfigCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before run
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Name what to do: check FILE");
    }

    @Command(name = "check", description = "Say what was understood, defaults filled in, or every fault with its line")
    void check(@Parameters(paramLabel = "FILE", description = "The configuration file") Path file) {
        UpwellConfig config = ConfigFile.load(file);
        spec.commandLine().getOut().print(ConfigText.of(config));
        spec.commandLine().getOut().flush();
        spec.commandLine().getErr().println(file + ": no faults");
    }
}
