// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.upwell.access.AccessEvents;
import org.upwell.access.TenantId;
import org.upwell.access.file.WholeFile;
import org.upwell.access.login.Access;
import org.upwell.access.registry.IssuedClient;
import org.upwell.access.token.TokenService;
import org.upwell.app.config.AccessConfig;
import org.upwell.app.process.LastingPorts;
import org.upwell.app.process.OwnProgram;
import org.upwell.app.tls.DevelopmentCertificates;

/// What a comparison can start by itself.
enum BrokerKind {
    /// If it is installed; with the limits off that would make it lose messages.
    MOSQUITTO("mosquitto"),
    /// Our server, everything in memory, plain and anonymous.
    MEMORY("upwell"),
    /// As above, but what must be kept is on disk before it is acknowledged.
    SYNC("upwell-sync"),
    /// TLS, a token per client, roles, persistent sessions, and on disk.
    EVERYTHING("upwell-everything");

    private static final String TENANT = "bench";
    private static final int TOKENS = 50;

    /// What one client's queue may hold where its length is what is measured.
    private static final String LONG_QUEUES = "  queue-limit: 2000000\n  queue-bytes: 8GB\n";

    private final String spelling;

    BrokerKind(String spelling) {
        this.spelling = spelling;
    }

    String spelling() {
        return spelling;
    }

    static BrokerKind parse(String text) {
        for (BrokerKind each : values()) {
            if (each.spelling.equals(text.strip().toLowerCase(Locale.ROOT))) {
                return each;
            }
        }
        throw new IllegalArgumentException("'" + text + "' is none of "
                + String.join(
                        ", ", Stream.of(values()).map(BrokerKind::spelling).toList()));
    }

    /// Empty if it is not installed.
    Optional<StartedBroker> start() throws IOException {
        if (this == MOSQUITTO && mosquitto().isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                inNewDirectory(this == MOSQUITTO ? BrokerKind::startMosquitto : each -> startOwn(each, "", 0)));
    }

    /// Our own server with queues as long as a curve asks for.
    ///
    /// @param httpPort for its metrics
    StartedBroker startForCurves(int httpPort) throws IOException {
        StartedBroker broker = inNewDirectory(directory -> startOwn(directory, LONG_QUEUES, httpPort));
        boolean answers = false;
        try {
            broker.awaitPort(httpPort);
            answers = true;
            return broker;
        } finally {
            if (!answers) {
                broker.close();
            }
        }
    }

    @FunctionalInterface
    private interface Start {
        StartedBroker in(Path directory) throws IOException;
    }

    private static StartedBroker inNewDirectory(Start start) throws IOException {
        Path directory = ScratchDirectories.create();
        boolean started = false;
        try {
            StartedBroker broker = start.in(directory);
            started = true;
            return broker;
        } finally {
            if (!started) {
                ScratchDirectories.delete(directory);
            }
        }
    }

    private static Optional<Path> mosquitto() {
        String path = System.getenv().getOrDefault("PATH", "") + ":/usr/sbin:/usr/local/sbin";
        return Stream.of(path.split(":", -1))
                .filter(each -> !each.isEmpty())
                .map(each -> Path.of(each, "mosquitto"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private static StartedBroker startMosquitto(Path directory) throws IOException {
        int port = LastingPorts.tcp();
        Path config = Files.writeString(directory.resolve("mosquitto.conf"), String.format(Locale.ROOT, """
                listener %d 127.0.0.1
                allow_anonymous true
                set_tcp_nodelay true
                max_queued_messages 0
                max_inflight_messages 100
                persistence false
                """, port));
        String program = mosquitto().orElseThrow().toString();
        return StartedBroker.start(
                MOSQUITTO.spelling, List.of(program, "-c", config.toString()), Map.of(), port, List.of(), directory);
    }

    /// @param mqtt further lines of that section
    private StartedBroker startOwn(Path directory, String mqtt, int httpPort) throws IOException {
        int port = LastingPorts.tcp();
        Path data = directory.resolve("data");
        List<String> arguments = new ArrayList<>();
        String listener = "type: tcp, anonymous: {tenant: " + TenantId.INTERNAL + ", roles: [OPERATOR]}";
        if (this == EVERYTHING) {
            Path tokens = Files.write(directory.resolve("tokens"), tokens(data));
            Path authority =
                    DevelopmentCertificates.ensure(data, InstantSource.system()).authority();
            listener = "type: tls";
            arguments.addAll(List.of("--tls", "--ca", authority.toString(), "--tokens-file", tokens.toString()));
            arguments.addAll(List.of("--prefix", TENANT + "/app"));
        }
        Path config = Files.writeString(
                directory.resolve("upwell.yaml"),
                String.format(
                        Locale.ROOT, """
                data-directory: %s
                durability: %s
                mqtt:
                  listeners:
                    - {name: bench, bind: 127.0.0.1, port: %d, %s}
                %shttp: {bind: 127.0.0.1, port: %d}
                https: {bind: 127.0.0.1, port: 0}
                """, data, this == MEMORY ? "memory" : "sync", port, listener, mqtt, httpPort));
        List<String> command = new ArrayList<>(OwnProgram.command());
        command.addAll(List.of("server", "--config", config.toString()));
        return StartedBroker.start(
                // A start-up cache would be made beside the first server, and disturb what is measured.
                spelling, command, Map.of("UPWELL_TRAINING", "off"), port, arguments, directory);
    }

    /// Of clients that may use their tenant's application topics; the keys stay with the data.
    private static List<String> tokens(Path data) throws IOException {
        Files.createDirectories(data, WholeFile.dataDirectory());
        List<String> tokens = new ArrayList<>();
        try (Access access =
                Access.open(data, AccessConfig.defaults().settings(), InstantSource.system(), AccessEvents.NONE)) {
            access.directory().tenants().add(TENANT);
            IssuedClient client = access.directory().tenants().addClient(TENANT, Set.of("APPLICATION"));
            for (int i = 0; i < TOKENS; i++) {
                switch (access.tokens().exchange(client.clientId(), client.clientSecret())) {
                    case TokenService.Exchange.Granted granted ->
                        tokens.add(granted.token().token());
                    case TokenService.Exchange.Refused refused ->
                        throw new IOException("no token was granted: " + refused.reason());
                }
            }
        }
        return tokens;
    }
}
