// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

import java.nio.file.Path;
import java.util.List;

/// How this program is started again: by the launcher that started it, which chooses memory and collector for each
/// command, or else as this process was.
final class OwnProgram {
    /// Set by the launcher.
    private static final String LAUNCHER = "upwell.launcher";

    private OwnProgram() {}

    static List<String> command() {
        String launcher = System.getProperty(LAUNCHER);
        if (launcher != null) {
            return List.of(launcher);
        }
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "org.upwell.app.Upwell");
    }
}
