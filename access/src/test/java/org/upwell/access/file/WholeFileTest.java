// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class WholeFileTest {

    @TempDir
    private Path directory;

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @EnumSource(WholeFile.Readers.class)
    void aFileIsReplacedWholeAndReadableForWhomItShouldBe(WholeFile.Readers readers) throws IOException {
        Path file = directory.resolve("file");
        WholeFile.replace(file, bytes("a longer first content"), readers);
        WholeFile.replace(file, bytes("two"), readers);

        assertThat(Files.readString(file)).isEqualTo("two");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo(readers == WholeFile.Readers.OWNER ? "rw-------" : "rw-r--r--");
        assertThat(directory).isDirectoryNotContaining(path -> path.toString().endsWith(".new"));
    }

    /// What a crash left over, with whatever permissions it has, neither stands in the way nor lends them.
    @Test
    void leftoversAreOverwritten() throws IOException {
        Path leftover = directory.resolve(".file.new");
        Files.writeString(leftover, "half of a sec");
        Files.setPosixFilePermissions(leftover, PosixFilePermissions.fromString("rw-rw-rw-"));

        Path file = directory.resolve("file");
        WholeFile.replace(file, bytes("secret"), WholeFile.Readers.OWNER);

        assertThat(Files.readString(file)).isEqualTo("secret");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(leftover).doesNotExist();
    }

    @Test
    void aDataDirectoryLetsOthersPassAndOneThatIsThereIsLeftAlone() throws IOException {
        Path made = directory.resolve("a/b");
        WholeFile.createDataDirectory(made);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made)))
                .isEqualTo("rwx--x--x");

        Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwxr-xr-x"));
        WholeFile.createDataDirectory(made);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made)))
                .isEqualTo("rwxr-xr-x");
    }
}
