// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.upwell.app.bench.GatewayBench;
import org.upwell.app.bench.GatewayBenchReport;
import org.upwell.app.config.PlainCause;
import org.upwell.codec.QoS;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Measures the way up and the way down through a gateway.
@Command(
        name = "gateway",
        description = "Measure notifications and proxied GETs through a gateway: rates, latencies, processor time",
        footer = {
            "",
            "Server, gateway, NICs, subscriber and applications share one process and its machine; the processor time of"
                    + " each is told apart. Exit code 1: something was lost or failed."
        })
final class BenchGatewayCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private CommandSpec spec;

    @Option(
            names = "--devices",
            paramLabel = "N",
            defaultValue = "16000",
            description = "NICs (default: ${DEFAULT-VALUE})")
    private int devices;

    @Option(
            names = {"-r", "--rate"},
            paramLabel = "RATE",
            defaultValue = "4000",
            description = "Notifications a second of all NICs; 0: none (default: ${DEFAULT-VALUE})")
    private double rate;

    @Option(
            names = "--in-flight",
            paramLabel = "N",
            defaultValue = "64",
            description = "GETs under way of all applications; 0: none (default: ${DEFAULT-VALUE})")
    private int inFlight;

    @Option(
            names = "--applications",
            paramLabel = "N",
            defaultValue = "8",
            description = "Applications, each with a session (default: ${DEFAULT-VALUE})")
    private int applications;

    @Option(
            names = "--qos",
            paramLabel = "QOS",
            defaultValue = "AT_LEAST_ONCE",
            description = "Of the bridge: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // has a default
    private QoS qos;

    @Option(
            names = {"-W", "--warm-up"},
            paramLabel = "SECONDS",
            defaultValue = "30",
            description = "Before each measurement (default: ${DEFAULT-VALUE})")
    private double warmUpSeconds;

    @Option(
            names = {"-D", "--duration"},
            paramLabel = "SECONDS",
            defaultValue = "20",
            description = "Of each measurement (default: ${DEFAULT-VALUE})")
    private double seconds;

    @Option(names = "--json", description = "Print the result as one line of JSON")
    private boolean json;

    @Override
    public Integer call() throws InterruptedException {
        GatewayBench.Settings settings;
        try {
            settings = new GatewayBench.Settings(qos, devices, rate, inFlight, applications, warmUpSeconds, seconds);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
        try {
            GatewayBenchReport report = GatewayBench.run(settings);
            PrintWriter out = spec.commandLine().getOut();
            if (json) {
                out.println(report.json());
            } else {
                report.table().forEach(out::println);
            }
            return report.isClean() ? CommandLineTool.DONE : CommandLineTool.FAILED;
        } catch (IOException e) {
            throw new CommandFailure("the measurement ended early: " + PlainCause.of(e), e);
        }
    }
}
