// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.upwell.access.file.BrokenFileException;
import org.upwell.app.config.BrokerConfig;
import org.upwell.app.config.GatewayConfig;
import org.upwell.app.config.PlainCause;
import org.upwell.app.config.UpwellConfig;
import org.upwell.app.payload.PayloadText;
import org.upwell.app.server.GatewayProcess;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/// Runs a gateway in a process of its own until it is told to stop; its commands look into one that runs, in
/// whichever process.
@Command(
        name = "gateway",
        description = "Run a gateway in a process of its own; look into one that runs",
        subcommands = QuarantineCommand.class)
final class GatewayCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private CommandSpec spec;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "The configuration, with gateway.broker set; required to run one")
    private @Nullable Path file;

    @Override
    public Integer call() {
        Path file = this.file;
        if (file == null) {
            throw new ParameterException(
                    spec.commandLine(), "Give --config=FILE, or name what to do: trace, counters or quarantine");
        }
        UpwellConfig config = ConfigFile.load(file);
        GatewayConfig gateway = config.gateway()
                .orElseThrow(() -> new CommandFailure(file + ": 'gateway' is missing, so there is nothing to run"));
        BrokerConfig broker = gateway.broker()
                .orElseThrow(() ->
                        new CommandFailure(file + ": 'gateway.broker' is missing: {url, username, password-file, ca}"));
        GatewayProcess process = start(config, gateway, broker);
        return new Lifetime().await(process, () -> spec.commandLine().getOut().println("upwell ready"));
    }

    @Command(
            name = "trace",
            description =
                    "Show a device's messages as they pass, until Ctrl-C: time, listener, in or out, peer, type, code,"
                            + " message ID, token, URI, bytes of payload, outcome")
    void trace(
            @Mixin RestService server,
            @Parameters(paramLabel = "MAC", description = "Which device") String mac,
            @Option(names = "--payload", description = "Show payloads too") boolean payload,
            @Option(names = "--count", paramLabel = "N", description = "End after so many messages") @Nullable
                    Integer count) {
        String path = "/api/admin/gateway/trace/" + RestService.encoded(mac) + "?payload=" + payload;
        int[] left = {count == null ? Integer.MAX_VALUE : count};
        server.follow(path, object -> {
            if (object.has("leftOut")) {
                spec.commandLine()
                        .getErr()
                        .println(object.path("leftOut").asLong() + " messages came too fast to be shown");
                return true;
            }
            print(line(object, payload));
            return --left[0] > 0;
        });
    }

    private static String line(JsonNode message, boolean payload) {
        StringBuilder line = new StringBuilder();
        for (String field : List.of("time", "listener", "direction", "peer", "type", "code")) {
            line.append(text(message, field)).append('\t');
        }
        line.append("mid ").append(message.path("mid").asInt());
        line.append("\ttoken ").append(text(message, "token"));
        line.append('\t').append(text(message, "uri"));
        line.append('\t').append(message.path("payloadBytes").asInt()).append(" bytes\t");
        line.append(text(message, "outcome"));
        if (payload && message.path("payload").isString()) {
            byte[] bytes = Base64.getDecoder().decode(message.path("payload").stringValue());
            line.append('\t').append(PayloadText.decoded(bytes));
        }
        return line.toString();
    }

    @Command(
            name = "counters",
            description = "Show the gateway's numbers: events, then answers by tenant and by access point")
    void counters(@Mixin RestService server) {
        JsonNode counters = server.get("/api/admin/gateway/counters");
        print("devices\t" + counters.path("devices").asInt());
        print("sessions\t" + counters.path("sessions").asInt());
        counters.path("events").properties().forEach(each -> print(each.getKey() + "\t" + each.getValue()));
        for (JsonNode answer : counters.path("answers")) {
            print(text(answer, "by") + "\t" + text(answer, "name") + "\t" + text(answer, "traffic") + "\t"
                    + text(answer, "code") + "\t" + answer.path("count").asLong());
        }
    }

    private static String text(JsonNode object, String field) {
        return PayloadText.printable(object.path(field).asString(""));
    }

    private void print(String line) {
        spec.commandLine().getOut().println(line);
        spec.commandLine().getOut().flush();
    }

    private static GatewayProcess start(UpwellConfig config, GatewayConfig gateway, BrokerConfig broker) {
        try {
            return GatewayProcess.start(config, gateway, broker, InstantSource.system());
        } catch (BrokenFileException e) {
            throw new CommandFailure(String.valueOf(e.getMessage()), e);
        } catch (IOException | IllegalArgumentException e) {
            throw new CommandFailure("the gateway cannot start: " + PlainCause.of(e), e);
        }
    }
}
