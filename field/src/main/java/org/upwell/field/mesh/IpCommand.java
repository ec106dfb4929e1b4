// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Runs the `ip` of iproute2 in the network namespace of the calling thread, and waits for it.
final class IpCommand {
    private IpCommand() {}

    /// @param needs what a host must have for it
    /// @param arguments between single spaces
    /// @throws IOException if it does not succeed, with what it said
    static void run(String needs, String arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(arguments.split(" ", -1)));
        Process process = start(command);
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        int exitCode;
        try {
            exitCode = process.waitFor();
        } catch (InterruptedException _) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted at " + String.join(" ", command));
        }
        if (exitCode != 0) {
            throw new IOException("the network namespace cannot be made: '" + String.join(" ", command)
                    + "' ended with " + exitCode + ", "
                    + said.lines().findFirst().orElse("silent") + "; it needs " + needs);
        }
    }

    private static Process start(List<String> command) throws IOException {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            return process;
        } catch (IOException e) {
            throw new IOException("a network namespace needs the command 'ip' (iproute2) on the path", e);
        }
    }
}
