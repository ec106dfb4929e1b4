// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.process;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// How this program is started again: by the launcher that started it, which chooses memory and collector for each
/// command, or else as this process was.
public final class OwnProgram {
    /// Set by the launcher.
    private static final String LAUNCHER = "upwell.launcher";

    private static final String MAIN = "org.upwell.app.Upwell";
    private static final Pattern INHERITED =
            Pattern.compile("-Xlog:.*|-XX:(?!Max|AOTCacheOutput|ErrorFile).*|--sun-misc-.*|-Dio\\.netty\\..*");

    private OwnProgram() {}

    /// The words before the arguments.
    public static List<String> command() {
        String launcher = System.getProperty(LAUNCHER);
        if (launcher != null) {
            return List.of(launcher);
        }
        return List.of(java(), "--enable-native-access=ALL-UNNAMED", "-cp", classPath(), MAIN);
    }

    /// Starts the very build that runs here, which the launcher would make anew if a source has changed meanwhile:
    /// with this process's options for the JVM, but for its memory.
    public static List<String> thisBuild(String mostHeap) {
        List<String> command = new ArrayList<>(List.of(java()));
        for (String option : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (INHERITED.matcher(option).matches()) {
                command.add(option);
            }
        }
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-Xmx" + mostHeap, "-cp", classPath(), MAIN));
        return command;
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private static String classPath() {
        return System.getProperty("java.class.path");
    }
}
