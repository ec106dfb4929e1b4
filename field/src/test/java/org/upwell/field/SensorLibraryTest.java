// SPDX-License-Identifier: Apache-2.0
package org.upwell.field;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Device developers take the sensor library as it stands: it needs the JDK and itself, and nothing at run time.
class SensorLibraryTest {
    private static final List<String> PACKAGES = List.of("sensor", "hdlc", "coap", "link", "loop");

    @Test
    void sensorLibraryImportsTheJdkAndItselfOnly() throws IOException {
        Path root = Path.of("src/main/java/org/upwell/field");
        for (String name : PACKAGES) {
            try (Stream<Path> files = Files.list(root.resolve(name))) {
                for (Path file : files.toList()) {
                    assertThat(imports(file)).as("%s", file).allMatch(SensorLibraryTest::isAllowed);
                }
            }
        }
    }

    private static List<String> imports(Path file) throws IOException {
        return Files.readAllLines(file, StandardCharsets.UTF_8).stream()
                .filter(line -> line.startsWith("import "))
                .map(line -> line.substring("import ".length()))
                .toList();
    }

    private static boolean isAllowed(String imported) {
        return imported.startsWith("java.")
                // Annotations for the compiler; nothing is loaded at run time.
                || imported.startsWith("org.jspecify.annotations.")
                || PACKAGES.stream().anyMatch(name -> imported.startsWith("org.upwell.field." + name + "."));
    }
}
