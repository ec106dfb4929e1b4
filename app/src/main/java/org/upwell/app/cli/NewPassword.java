// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Asks for a password: from a file, from the person at the console, twice and unseen, or from a pipe's first line.
final class NewPassword {
    private NewPassword() {}

    @SuppressWarnings("SystemConsoleNull") // with -Djdk.console=java.base it still returns null
    static String read(@Nullable Path file) {
        if (file != null) {
            return Secrets.read(file);
        }
        Console console = System.console();
        return console != null && console.isTerminal() ? ask(console) : firstLine(System.in);
    }

    private static String ask(Console console) {
        char[] first = console.readPassword("Password: ");
        char[] second = console.readPassword("Once more: ");
        if (first == null || second == null || first.length == 0) {
            throw new CommandFailure("no password was given");
        }
        if (!Arrays.equals(first, second)) {
            throw new CommandFailure("the two passwords differ");
        }
        return new String(first);
    }

    private static String firstLine(InputStream in) {
        try {
            String line = new BufferedReader(
                            new InputStreamReader(in, Charset.forName(System.getProperty("stdin.encoding", "UTF-8"))))
                    .readLine();
            if (line == null || line.isEmpty()) {
                throw new CommandFailure("no password was given: use --password-file FILE, or pipe it in");
            }
            return line;
        } catch (IOException e) {
            throw new CommandFailure("the password cannot be read: " + e.getMessage(), e);
        }
    }
}
