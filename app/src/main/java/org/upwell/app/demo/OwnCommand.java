// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.upwell.app.process.Children;
import org.upwell.app.process.OwnProgram;

/// One of our own commands as a process that can be killed and started again with the same configuration. What it
/// logs goes to a file beside its configuration. A signal from the terminal, which goes to all of its processes,
/// does not reach it: whoever started it ends it when its time has come. Owned by one thread at a time.
final class OwnCommand implements AutoCloseable {
    private static final String READY = "upwell ready";
    private static final long START_SECONDS = 120;
    /// As the launcher gives a server; a gateway needs less.
    private static final String MOST_HEAP = "1g";

    private static final int LOG_LINES_SHOWN = 5;

    /// Runs the words that follow. What is ignored when a JVM starts it goes on to ignore.
    private static final List<String> DEAF_TO_THE_TERMINAL =
            List.of("/bin/sh", "-c", "trap '' INT HUP; exec \"$@\"", "upwell");

    private final String name;
    private final Path config;
    private final Path log;
    private Children.@Nullable Child child;

    OwnCommand(String name, Path config, Path directory) {
        this.name = name;
        this.config = config;
        this.log = directory.resolve("demo-" + name + ".log");
    }

    String name() {
        return name;
    }

    /// Returns when the process is ready.
    void start() throws IOException {
        List<String> command = new ArrayList<>(DEAF_TO_THE_TERMINAL);
        command.addAll(OwnProgram.thisBuild(MOST_HEAP));
        command.addAll(List.of(name, "--config", config.toString()));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        child = Children.watch(process);
        process.getOutputStream().close();
        // Whatever comes late ends the process, and with it the reading below.
        Thread guard = Thread.ofVirtual().start(() -> endUnlessInterrupted(process));
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            if (!READY.equals(out.readLine())) {
                throw new IOException("the " + name + " did not start: " + lastWords());
            }
        } finally {
            guard.interrupt();
        }
    }

    private static void endUnlessInterrupted(Process process) {
        try {
            if (!process.waitFor(START_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private String lastWords() throws IOException {
        List<String> lines = Files.exists(log) ? Files.readAllLines(log) : List.of();
        return String.join(" | ", lines.subList(Math.max(0, lines.size() - LOG_LINES_SHOWN), lines.size()));
    }

    /// As `kill -9`.
    void kill() throws IOException {
        if (child != null) {
            child.kill();
        }
    }

    @Override
    public void close() throws IOException {
        if (child != null) {
            child.close();
        }
    }
}
