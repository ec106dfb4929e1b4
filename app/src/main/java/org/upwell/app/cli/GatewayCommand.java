// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.concurrent.Callable;
import org.upwell.access.file.BrokenFileException;
import org.upwell.app.config.BrokerConfig;
import org.upwell.app.config.GatewayConfig;
import org.upwell.app.config.PlainCause;
import org.upwell.app.config.UpwellConfig;
import org.upwell.app.server.GatewayProcess;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Runs a gateway in a process of its own until it is told to stop.
@Command(name = "gateway", description = "Run a gateway in a process of its own")
final class GatewayCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private CommandSpec spec;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            required = true,
            description = "The configuration, with gateway.broker set")
    @SuppressWarnings("NullAway.Init") // required
    private Path file;

    @Override
    public Integer call() {
        UpwellConfig config = ConfigFile.load(file);
        GatewayConfig gateway = config.gateway()
                .orElseThrow(() -> new CommandFailure(file + ": 'gateway' is missing, so there is nothing to run"));
        BrokerConfig broker = gateway.broker()
                .orElseThrow(() ->
                        new CommandFailure(file + ": 'gateway.broker' is missing: {url, username, password-file, ca}"));
        GatewayProcess process = start(config, gateway, broker);
        return new Lifetime().await(process, () -> spec.commandLine().getOut().println("upwell ready"));
    }

    private static GatewayProcess start(UpwellConfig config, GatewayConfig gateway, BrokerConfig broker) {
        try {
            return GatewayProcess.start(config, gateway, broker, InstantSource.system());
        } catch (BrokenFileException e) {
            throw new CommandFailure(String.valueOf(e.getMessage()), e);
        } catch (IOException | IllegalArgumentException e) {
            throw new CommandFailure("the gateway cannot start: " + PlainCause.of(e), e);
        }
    }
}
