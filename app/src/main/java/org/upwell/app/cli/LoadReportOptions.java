// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.upwell.load.Load;
import org.upwell.load.LoadException;
import org.upwell.load.LoadPlan;
import org.upwell.load.LoadReport;
import org.upwell.load.LoadSettings;
import org.upwell.load.LoadTarget;
import org.upwell.load.Processes;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/// How a load is made, watched and told; and the running of it.
final class LoadReportOptions {
    @Option(names = "--json", description = "Print the result as one line of JSON")
    private boolean json;

    @Option(
            names = "--strict",
            description = "Exit with 1 if anything was lost, out of order or, where the QoS forbids it, repeated")
    private boolean strict;

    @Option(
            names = {"-p", "--pid"},
            paramLabel = "PID",
            split = ",",
            description = "The broker's processes, to tell their CPU, and on Linux their memory")
    private List<Long> pids = new ArrayList<>();

    @Option(
            names = "--coalesce-us",
            paramLabel = "MICROSECONDS",
            description = "Look at the sockets at most once in this time, which saves CPU and adds as much latency"
                    + " (default: by what is on its way at QoS 0 and full rate, else 0)")
    private @Nullable Integer coalesceMicros;

    @Option(names = "--keep", description = "Leave sessions and retained messages behind")
    private boolean keep;

    @Option(
            names = "--prefix",
            paramLabel = "TOPIC",
            defaultValue = "load",
            description = "What all topics begin with, for brokers that allow some only (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // has a default
    private String prefix;

    @Option(
            names = "--phase",
            paramLabel = "SECONDS",
            defaultValue = "120",
            description = "Bound for each phase of the run (default: ${DEFAULT-VALUE})")
    private double phaseSeconds;

    int run(LoadTarget target, LoadPlan plan, CommandSpec spec) throws InterruptedException {
        if (!pids.isEmpty() && !Processes.tellsMemory()) {
            spec.commandLine()
                    .getErr()
                    .println("this platform does not tell the memory of processes: only CPU follows");
        }
        LoadReport report;
        try {
            report = Load.run(target, plan, settings(), what -> {});
        } catch (LoadException e) {
            throw new CommandFailure(String.valueOf(e.getMessage()), e);
        }
        if (json) {
            spec.commandLine().getOut().println(report.json());
        } else {
            report.table().forEach(spec.commandLine().getOut()::println);
        }
        if (strict && !report.isClean()) {
            spec.commandLine()
                    .getErr()
                    .println("upwell: not everything arrived as it should: see lost, duplicated and" + " out_of_order");
            return CommandLineTool.FAILED;
        }
        return CommandLineTool.DONE;
    }

    private LoadSettings settings() {
        return new LoadSettings(
                prefix,
                pids,
                coalesceMicros == null ? null : Duration.ofNanos(1000L * coalesceMicros),
                keep,
                LoadPaceOptions.seconds(phaseSeconds));
    }
}
