// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.upwell.app.process.Children;
import org.upwell.app.process.OwnProgram;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Starts a load generator for every run: our own, or another that takes the same options and prints one line of
/// JSON.
///
/// @param command the program with what stands before the scenario
/// @param last what our own needs behind it, and no other
record Generator(List<String> command, List<String> last) {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    Generator {
        command = List.copyOf(command);
        last = List.copyOf(last);
    }

    /// Our own, in a process of its own as any other.
    static Generator own() {
        List<String> command = new ArrayList<>(OwnProgram.command());
        command.addAll(List.of("bench", "load"));
        return new Generator(command, List.of("--json"));
    }

    static Generator external(String path) {
        return new Generator(List.of(path), List.of());
    }

    /// Runs it to its end.
    ///
    /// @throws IOException if it printed no report
    JsonNode run(List<String> arguments) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(command);
        words.addAll(arguments);
        words.addAll(last);
        Process process = new ProcessBuilder(words).start();
        process.getOutputStream().close();
        try (Children.Child child = Children.watch(process)) {
            Thread errors = Thread.ofVirtual().start(child::readErrors);
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int exitCode = process.waitFor();
            errors.join();
            String report = out.lines()
                    .filter(line -> line.startsWith("{"))
                    .reduce((_, second) -> second)
                    .orElse("");
            if (report.isEmpty()) {
                throw new IOException("the generator ended with " + exitCode + ": " + child.errors());
            }
            return JSON.readTree(report);
        } catch (JacksonException e) {
            throw new IOException("the generator printed what is not JSON: " + e.getMessage(), e);
        }
    }
}
