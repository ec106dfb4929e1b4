// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.upwell.access.file.WholeFile;
import org.upwell.app.config.PlainCause;
import org.upwell.broker.journal.Journal;
import org.upwell.broker.journal.JournalReport;
import org.upwell.broker.journal.JournalStat;
import org.upwell.broker.store.StoreException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Care for the durable store of a server that does not run.
@Command(name = "store", description = "Look at the durable store, mend it, restore a backup")
final class StoreCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before run
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Name what to do: verify, repair, stat or restore");
    }

    /// Which store a command works on.
    static final class StoreOptions {
        @Mixin
        private final DirectoryOptions directory = new DirectoryOptions();

        @Option(
                names = "--store",
                paramLabel = "DIR",
                description =
                        "The store's own directory, if neither the data directory nor the configuration leads to it")
        private @Nullable Path store;

        Path path() {
            return store != null ? store : directory.storePath();
        }

        Path existing() {
            Path path = path();
            if (!Files.isDirectory(path)) {
                throw new CommandFailure(path + ": there is no store");
            }
            return path;
        }
    }

    @Command(
            name = "verify",
            description = "Read every byte and say what is damaged; changes nothing. Exit code 1 if any is")
    int verify(@Mixin StoreOptions store) {
        JournalReport report = ask(store.existing(), Journal::verify);
        print(report);
        print(report.isSound() ? "no damage" : "damaged: ./upwell store repair mends what can be mended");
        return report.isSound() ? CommandLineTool.DONE : CommandLineTool.FAILED;
    }

    @Command(
            name = "repair",
            description = "Mend a damaged store so that it opens: what cannot be read is left out and kept aside")
    void repair(@Mixin StoreOptions store) {
        print(ask(store.existing(), Journal::repair));
    }

    private void print(JournalReport report) {
        print(report.segments() + " segments, " + report.records() + " records, " + report.bytes() + " bytes");
        report.problems().forEach(problem -> print("damage: " + problem));
        report.actions().forEach(action -> print("done: " + action));
    }

    @Command(name = "stat", description = "Say how much is in the store")
    void stat(@Mixin StoreOptions store) {
        JournalStat stat = ask(store.existing(), Journal::stat);
        print("segments\t" + stat.segments());
        print("bytes on disk\t" + stat.diskBytes());
        print("bytes in use\t" + stat.liveBytes());
        print("messages\t" + stat.messages());
        print("sessions\t" + stat.sessions());
        print("retained\t" + stat.retained());
        print("records\t" + stat.records());
    }

    @Command(name = "restore", description = "Put a backup in the place of the store, which must be empty or not there")
    void restore(
            @Mixin StoreOptions store,
            @Option(names = "--from", paramLabel = "DIR", required = true, description = "The backup") Path from) {
        if (!Files.isDirectory(from)) {
            throw new CommandFailure(from + ": there is no backup");
        }
        JournalReport report = ask(from, Journal::verify);
        if (!report.isSound()) {
            throw new CommandFailure(from + " is damaged: " + String.join("; ", report.problems()));
        }
        Path target = store.path();
        try {
            if (!isEmpty(target)) {
                throw new CommandFailure(target + " is not empty: move it away first");
            }
            putInPlace(from, target.toAbsolutePath());
        } catch (IOException e) {
            throw new CommandFailure(PlainCause.of(e), e);
        }
        print("restored " + report.records() + " records from " + from);
    }

    private static boolean isEmpty(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return true;
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.findAny().isEmpty();
        }
    }

    /// All of it or nothing: half a store would open as a whole one that lost the rest.
    private static void putInPlace(Path from, Path target) throws IOException {
        Path partial = target.resolveSibling(target.getFileName() + ".partial");
        if (Files.exists(partial)) {
            throw new CommandFailure(partial + " is left from a restore that was cut short: remove it first");
        }
        WholeFile.createOwnersDirectory(partial);
        List<Path> files;
        try (Stream<Path> found = Files.list(from)) {
            files = found.filter(Files::isRegularFile).toList();
        }
        for (Path file : files) {
            Path copy = partial.resolve(file.getFileName());
            Files.copy(file, copy);
            force(copy, StandardOpenOption.WRITE);
        }
        force(partial, StandardOpenOption.READ);
        Files.deleteIfExists(target);
        Files.move(partial, target);
        Path parent = target.getParent();
        if (parent != null) {
            force(parent, StandardOpenOption.READ);
        }
    }

    private static void force(Path path, StandardOpenOption how) throws IOException {
        try (FileChannel channel = FileChannel.open(path, how)) {
            channel.force(true);
        }
    }

    private static <T> T ask(Path directory, Function<Path, T> question) {
        try {
            return question.apply(directory);
        } catch (StoreException e) {
            throw new CommandFailure(String.valueOf(e.getMessage()), e);
        }
    }

    private void print(String line) {
        spec.commandLine().getOut().println(line);
    }
}
