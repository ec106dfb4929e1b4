// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.upwell.app.demo.Training;
import org.upwell.load.LoadException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// The launcher's: does what a server or the demo does while the JVM watches, so that it can keep what it learned
/// for later starts.
@Command(name = "train", hidden = true, description = "Exercise the program, for the launcher's start-up caches")
final class TrainCommand implements Callable<Integer> {

    /// What is exercised.
    enum Part {
        SERVER,
        DEMO
    }

    @Parameters(paramLabel = "PART", description = "server or demo")
    private Part part = Part.SERVER;

    @Option(
            names = "--each",
            paramLabel = "TIME",
            defaultValue = "1s",
            description = "For each kind of load (default: ${DEFAULT-VALUE})")
    private Duration each = Duration.ofSeconds(1);

    @Override
    public Integer call() throws InterruptedException {
        try {
            Training training = new Training(each);
            switch (part) {
                case SERVER -> training.server();
                case DEMO -> training.demo();
            }
            return CommandLineTool.DONE;
        } catch (IOException | LoadException e) {
            throw new CommandFailure("the training failed: " + e.getMessage(), e);
        }
    }
}
