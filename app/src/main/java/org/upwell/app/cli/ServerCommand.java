// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.upwell.access.file.BrokenFileException;
import org.upwell.app.config.PlainCause;
import org.upwell.app.config.UpwellConfig;
import org.upwell.app.server.UpwellServer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Runs the server until it is told to stop.
@Command(name = "server", description = "Run the server: broker, token service and, if configured, the gateway")
final class ServerCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private CommandSpec spec;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "The configuration (default: all defaults, data in upwell-data)")
    private @Nullable Path file;

    @Override
    public Integer call() {
        UpwellConfig config = file == null ? UpwellConfig.defaults() : ConfigFile.load(file);
        UpwellServer server = start(config);
        return new Lifetime().await(server, () -> {
            spec.commandLine().getOut().println("upwell ready");
            server.rehearse();
        });
    }

    private static UpwellServer start(UpwellConfig config) {
        try {
            return UpwellServer.start(config, InstantSource.system());
        } catch (BrokenFileException e) {
            throw new CommandFailure(String.valueOf(e.getMessage()), e);
        } catch (IOException | IllegalArgumentException e) {
            throw new CommandFailure("the server cannot start: " + PlainCause.of(e), e);
        }
    }
}
