// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// One Upwell command as a process of its own, run from the class path of this test. Ends only what it started.
final class UpwellProcess implements AutoCloseable {

    private static final int START_SECONDS = 60;

    private final Process process;
    private final List<String> lines = new ArrayList<>();
    private final CountDownLatch ready = new CountDownLatch(1);
    private final Thread reader;

    private UpwellProcess(Process process, String readyLine) {
        this.process = process;
        this.reader = new Thread(() -> read(readyLine), "output of " + process.pid());
        reader.setDaemon(true);
        reader.start();
    }

    /// Starts `upwell` with these arguments; does not wait.
    static UpwellProcess start(Path directory, String readyLine, String... arguments) throws IOException {
        return start(directory, readyLine, List.of("-XX:+UseSerialGC"), arguments);
    }

    /// The same with options for the JVM, a garbage collector among them.
    static UpwellProcess start(Path directory, String readyLine, List<String> options, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:TieredStopAtLevel=1",
                "-Xmx512m"));
        command.addAll(options);
        command.addAll(List.of("-cp", classPath(), "org.upwell.app.Upwell"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        return new UpwellProcess(process, readyLine);
    }

    /// The packaged product, or what was compiled if it is not packaged.
    private static String classPath() {
        String all = System.getProperty("java.class.path");
        String jars = Arrays.stream(all.split(File.pathSeparator))
                .filter(entry -> entry.endsWith(".jar"))
                .collect(Collectors.joining(File.pathSeparator));
        return isPackaged() ? jars : all;
    }

    /// True if all of the product is in jars, as a start-up cache wants it.
    static boolean isPackaged() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .anyMatch(entry -> entry.endsWith(".jar")
                        && Path.of(entry).getFileName().toString().startsWith("upwell-app"));
    }

    /// Runs a command to its end and returns what it printed.
    static String run(Path directory, String... arguments) throws IOException, InterruptedException {
        try (UpwellProcess process = start(directory, "\0", arguments)) {
            int exit = process.await(START_SECONDS);
            if (exit != 0) {
                throw new AssertionError(
                        "upwell " + String.join(" ", arguments) + " ended with " + exit + ":\n" + process.output());
            }
            return process.output();
        }
    }

    private void read(String readyLine) {
        try (BufferedReader in =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                synchronized (lines) {
                    lines.add(line);
                }
                if (line.equals(readyLine)) {
                    ready.countDown();
                }
            }
        } catch (IOException e) {
            synchronized (lines) {
                lines.add("(output ended: " + e.getMessage() + ")");
            }
        }
    }

    UpwellProcess awaitReady() throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (!ready.await(100, TimeUnit.MILLISECONDS)) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                throw new AssertionError("the process did not become ready:\n" + output());
            }
        }
        return this;
    }

    String output() {
        synchronized (lines) {
            return String.join("\n", lines);
        }
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    int await(int seconds) throws InterruptedException {
        if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
            throw new AssertionError("the process did not end in " + seconds + " s:\n" + output());
        }
        reader.join(TimeUnit.SECONDS.toMillis(5));
        return process.exitValue();
    }

    /// SIGTERM, then its exit code.
    int terminate() throws InterruptedException {
        return terminate(30);
    }

    int terminate(int seconds) throws InterruptedException {
        process.destroy();
        return await(seconds);
    }

    /// SIGKILL.
    void kill() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor();
    }

    /// Sends `signal`, such as STOP or CONT, to this process alone.
    void signal(String signal) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                .inheritIO()
                .start()
                .waitFor();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
