// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.upwell.access.file.BrokenFileException;
import org.upwell.access.registry.AccessDirectory;
import org.upwell.access.registry.RegistryException;
import org.upwell.app.config.PlainCause;
import org.upwell.app.config.UpwellConfig;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/// Which data directory a command works on. A running server and a running gateway see its changes within seconds.
final class DirectoryOptions {
    @ArgGroup
    private @Nullable Given given;

    /// One or the other.
    static final class Given {
        @Option(
                names = "--data-directory",
                paramLabel = "DIR",
                required = true,
                description = "The data directory (default: upwell-data)")
        private @Nullable Path directory;

        @Option(
                names = "--config",
                paramLabel = "FILE",
                required = true,
                description = "A configuration that names the data directory")
        private @Nullable Path config;
    }

    /// What a command does with the directory.
    @FunctionalInterface
    interface Work<T> {
        T on(AccessDirectory directory) throws IOException;
    }

    <T> T with(Work<T> work) {
        Path path = path();
        try (AccessDirectory directory = AccessDirectory.open(path)) {
            return work.on(directory);
        } catch (RegistryException | BrokenFileException e) {
            throw new CommandFailure(String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            throw new CommandFailure(PlainCause.of(e), e);
        }
    }

    /// Where the durable store of that directory, or of that configuration, is.
    Path storePath() {
        if (given != null && given.config != null) {
            UpwellConfig config = ConfigFile.load(given.config);
            return config.store().directory(config.dataDirectory());
        }
        return UpwellConfig.defaults().store().directory(path());
    }

    Path path() {
        if (given != null && given.directory != null) {
            return given.directory;
        }
        if (given != null && given.config != null) {
            return ConfigFile.load(given.config).dataDirectory();
        }
        return UpwellConfig.defaults().dataDirectory();
    }
}
