// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Holds the commands; does nothing by itself.
@Command(
        name = "upwell",
        header = "MQTT broker, CoAP gateway and device software for field networks",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            HelpCommand.class,
            ConfigCommand.class,
            DemoCommand.class,
            ServerCommand.class,
            GatewayCommand.class,
            NicCommand.class,
            SensorCommand.class,
            UserCommand.class,
            TenantCommand.class,
            DeviceCommand.class,
            QueueCommand.class,
            StoreCommand.class,
            TokenCommand.class,
            PubCommand.class,
            SubCommand.class,
            GetCommand.class,
            PutCommand.class,
            ObserveCommand.class,
            TestCommand.class,
        },
        footer = {"", "'./upwell help COMMAND' tells more. Exit codes: 0 done, 1 failed, 2 wrong use."})
final class RootCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before run
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Name a command");
    }
}
