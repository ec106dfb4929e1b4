// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.FilterWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;

/// Runs a command in a process of its own that sends itself SIGTERM while it prints the line which begins with its
/// first argument, so that whatever is to happen at a signal must be prepared before that line. With `and-hold` as
/// second argument it never gets past that line, with `and-go-on` it does.
final class SignallingTool {
    private SignallingTool() {}

    public static void main(String[] arguments) {
        Terminal standard = Terminal.standard();
        boolean hold = arguments[1].equals("and-hold");
        PrintWriter out = new PrintWriter(new Trap(standard.out(), arguments[0], hold), true);
        System.exit(CommandLineTool.run(
                new Terminal(out, standard.err()), Arrays.copyOfRange(arguments, 2, arguments.length)));
    }

    /// Starts one in `directory`; both its streams come as one.
    static Process start(Path directory, String... arguments) throws IOException {
        String[] java = {
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xmx256m",
            "-cp",
            System.getProperty("java.class.path"),
            SignallingTool.class.getName()
        };
        String[] command = Arrays.copyOf(java, java.length + arguments.length);
        System.arraycopy(arguments, 0, command, java.length, arguments.length);
        return new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
    }

    /// Passes everything on, and springs when the text to wait for begins to be written.
    private static final class Trap extends FilterWriter {
        private final String trigger;
        private final boolean hold;
        private boolean sprung;

        Trap(Writer out, String trigger, boolean hold) {
            super(out);
            this.trigger = trigger;
            this.hold = hold;
        }

        @Override
        public void write(String text, int offset, int length) throws IOException {
            super.write(text, offset, length);
            if (!sprung && text.startsWith(trigger, offset)) {
                sprung = true;
                super.flush();
                spring();
            }
        }

        private void spring() throws IOException {
            try {
                new ProcessBuilder(
                                "kill",
                                "-TERM",
                                Long.toString(ProcessHandle.current().pid()))
                        .inheritIO()
                        .start()
                        .waitFor();
                if (hold) {
                    new CountDownLatch(1).await();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException(e);
            }
        }
    }
}
