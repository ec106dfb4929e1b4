// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.upwell.app.config.InvalidConfigException;
import org.upwell.app.config.PlainCause;
import org.upwell.app.config.UpwellConfig;

/// Loads a configuration for a command, which fails with all the faults.
final class ConfigFile {
    private ConfigFile() {}

    static UpwellConfig load(Path file) {
        if (Files.isDirectory(file)) {
            throw new CommandFailure(file + ": is a directory, not a file");
        }
        try {
            return UpwellConfig.load(file);
        } catch (InvalidConfigException e) {
            int count = e.faults().size();
            throw new CommandFailure(
                    (count == 1 ? "1 fault" : count + " faults") + " in the configuration\n" + e.getMessage(), e);
        } catch (IOException e) {
            throw new CommandFailure(PlainCause.of(e), e);
        }
    }
}
