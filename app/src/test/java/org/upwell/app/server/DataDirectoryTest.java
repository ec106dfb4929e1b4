// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {
    @TempDir
    private Path directory;

    @Test
    void isMadeForItsOwnerAndLetsOthersPassThroughToTheAuthority() throws Exception {
        Path path = directory.resolve("a/b");

        try (DataDirectory data = DataDirectory.open(path)) {
            assertThat(data.path()).isEqualTo(path);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                    .isEqualTo("rwx--x--x");
        }
    }

    @Test
    void admitsOneServerAtATime() throws Exception {
        try (DataDirectory first = DataDirectory.open(directory)) {
            assertThatThrownBy(() -> DataDirectory.open(first.path()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("another server runs on the data directory " + directory);
        }
        DataDirectory.open(directory).close();
    }
}
