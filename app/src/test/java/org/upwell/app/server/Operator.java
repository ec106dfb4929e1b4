// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;
import org.upwell.app.cli.CommandLineTool;
import org.upwell.app.cli.Terminal;

/// An administrator of a server with the command line.
final class Operator {
    private static final String NAME = "root";
    private static final String PASSWORD = "geheim";

    private final Path passwordFile;

    private Operator(Path passwordFile) {
        this.passwordFile = passwordFile;
    }

    /// @param directory where the password is kept
    static Operator of(UpwellServer server, Path directory) throws IOException {
        server.access().directory().users().add(NAME, PASSWORD, Set.of("ADMIN"));
        return new Operator(Files.writeString(directory.resolve("password"), PASSWORD));
    }

    /// The exit code on a line of its own, then what was printed.
    String run(int httpPort, String... arguments) {
        String url = "http://127.0.0.1:" + httpPort;
        String[] options = {"--url", url, "--user", NAME, "--password-file", passwordFile.toString()};
        String[] all = Stream.of(arguments, options).flatMap(Stream::of).toArray(String[]::new);
        StringWriter out = new StringWriter();
        int exitCode = CommandLineTool.run(new Terminal(new PrintWriter(out), new PrintWriter(out)), all);
        return exitCode + "\n" + out;
    }
}
