// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The JVM says nothing about a command for what does not exist.
class CompileCommandsTest {

    private static final String COMMAND = "dontinline ";

    @Test
    void everyCommandIsForAMethodThatExists() throws Exception {
        List<String> commands = Files.readAllLines(Path.of("src/main/jvm/compile-commands")).stream()
                .filter(line -> !line.isBlank() && !line.startsWith("#") && !line.equals("quiet"))
                .toList();

        assertThat(commands).isNotEmpty();
        for (String command : commands) {
            assertThat(command).startsWith(COMMAND);
            String[] parts = command.substring(COMMAND.length()).split("::", -1);
            Class<?> type = Class.forName(parts[0], false, getClass().getClassLoader());
            assertThat(Arrays.stream(type.getDeclaredMethods())
                            .filter(method -> !method.isSynthetic())
                            .filter(method ->
                                    parts[1].equals("*") || method.getName().equals(parts[1])))
                    .as(command)
                    .isNotEmpty();
        }
    }
}
