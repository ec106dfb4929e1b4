// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.upwell.access.token.TokenService;
import org.upwell.app.config.UpwellConfig;
import org.upwell.app.server.UpwellServer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Every scenario of `bench load`, in short, against a real server: all arrives, and the report says so.
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class BenchLoadCommandTest {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    @TempDir
    private static Path directory;

    private static UpwellServer server;
    private static Path tokens;

    @BeforeAll
    static void open() throws Exception {
        String text = """
                durability: memory
                mqtt:
                  listeners:
                    - {name: tcp, type: tcp, bind: 127.0.0.1, port: 0, anonymous: {tenant: ssni, roles: [OPERATOR]}}
                    - {name: tls, type: tls, bind: 127.0.0.1, port: 0}
                http: {port: 0}
                https: {port: 0}
                data-directory:\s""";
        Path config = Files.writeString(directory.resolve("upwell.yaml"), text + directory.resolve("data") + "\n");
        server = UpwellServer.start(UpwellConfig.load(config), InstantSource.system());
        tokens = Files.writeString(directory.resolve("tokens"), token("acme") + "\n\n" + token("acme") + "\n");
    }

    private static String token(String tenant) throws IOException {
        var directoryOfAll = server.access().directory();
        if (directoryOfAll.tenants().find(tenant).isEmpty()) {
            directoryOfAll.tenants().add(tenant);
        }
        var client = directoryOfAll.tenants().addClient(tenant, Set.of("APPLICATION"));
        return switch (server.access().tokens().exchange(client.clientId(), client.clientSecret())) {
            case TokenService.Exchange.Granted granted -> granted.token().token();
            case TokenService.Exchange.Refused refused -> throw new IllegalStateException("no token: " + refused);
        };
    }

    @AfterAll
    static void close() {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-t fanin -P 5 -w 50",
                "-t fanin -P 3 -q 2 -w 10 -V 5",
                "-t fanout -S 7 -q 1 -w 20",
                "-t fanout -P 2 -S 3",
                "-t pairs -P 4 -S 4 -q 1 -V 5 --coalesce-us 100",
                "-t pairs -P 2 -q 2 --persistent",
                "-t shared -P 3 -S 4 -q 1 -b 300",
                "-t pairs -P 3 -r 2000 -q 1 -b 20000",
            })
    void everyTopologyDeliversAll(String options) {
        JsonNode report = delivering("pubsub " + options + " -W 0.1 -D 0.4" + tcp());
        assertThat(report.path("lost").asLong(-1)).isZero();
        assertThat(report.path("duplicated").asLong(-1)).isZero();
        if (!options.contains("shared")) {
            assertThat(report.path("out_of_order").asLong(-1)).isZero();
        }
        assertThat(report.path("foreign").asLong(-1)).isZero();
        assertThat(report.path("bad_acks").asLong(-1)).isZero();
        assertThat(report.path("unacked").asLong(-1)).isZero();
        assertThat(report.path("delivered").asLong()).isPositive();
        assertThat(report.path("sent_total").asLong()).isPositive();
        assertThat(report.path("latency_us").path("p99").asDouble()).isPositive();
    }

    @Test
    void aRateIsKeptAndCountedOverTheMeasuredTime() {
        double rate = rateOfAThousand();
        // A machine that is busy may hold up a second, but hardly each of five.
        for (int i = 1; i < 5 && Math.abs(rate - 1000) > 200; i++) {
            rate = rateOfAThousand();
        }
        assertThat(rate).isBetween(800.0, 1200.0);
    }

    private static double rateOfAThousand() {
        JsonNode report = load("pubsub -t pairs -P 10 -r 1000 -W 0.1 -D 1");
        assertThat(report.path("lost").asLong(-1)).isZero();
        return report.path("pub_rate").asDouble();
    }

    @Test
    void connectionsAreMadeHeldAndMadeAgain() {
        JsonNode report = load("connect -C 200 --sub --hold 0.2 --storm --persistent");
        assertThat(report.path("connect").path("ok").asInt()).isEqualTo(200);
        assertThat(report.path("connect").path("session_present").asInt()).isZero();
        assertThat(report.path("storm").path("ok").asInt()).isEqualTo(200);
        assertThat(report.path("storm").path("session_present").asInt()).isEqualTo(200);
        assertThat(report.path("failed").asInt(-1)).isZero();
        assertThat(report.path("lost_connections").asInt(-1)).isZero();
        assertThat(report.path("sub_refused").asInt(-1)).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-q 1", "-q 2 -V 5 -P 2"})
    void sessionsFetchWhatTheyMissed(String options) {
        JsonNode report = load("offline -K 5 -N 100 -w 50 " + options);
        assertThat(report.path("published").asInt()).isEqualTo(500);
        assertThat(report.path("received").asInt()).isEqualTo(500);
        assertThat(report.path("session_present").asInt()).isEqualTo(5);
        assertThat(report.path("lost").asInt(-1)).isZero();
        assertThat(report.path("out_of_order").asInt(-1)).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-q 0", "-q 1 -P 3"})
    void retainedMessagesAreSetMatchedAndCleared(String options) {
        JsonNode report = load("retained -R 500 -S 2 " + options);
        assertThat(report.path("received").asInt()).isEqualTo(1000);
        assertThat(report.path("lost").asInt(-1)).isZero();
        assertThat(report.path("without_retain_flag").asInt(-1)).isZero();
    }

    @Test
    void everyTopicMatchesItsOneSubscription() {
        JsonNode report = load("subs -M 1003 -P 2 -S 3 -w 100 --plus 0.2 -W 0.1 -D 0.4");
        assertThat(report.path("plus_subscriptions").asInt()).isEqualTo(200);
        assertThat(report.path("lost").asInt(-1)).isZero();
        assertThat(report.path("duplicated").asInt(-1)).isZero();
        assertThat(report.path("foreign").asInt(-1)).isZero();
    }

    @Test
    void tlsAndTokensAndPersistentSessionsTogether() {
        String tls = "--port " + server.mqttAddress("tls").getPort() + " --tls --ca "
                + server.certificates().developmentAuthority().orElseThrow()
                + " --prefix acme/app --tokens-file " + tokens;
        JsonNode report = delivering("pubsub -t pairs -P 3 -q 1 --persistent -W 0.1 -D 0.4 " + tls);
        assertThat(report.path("tls").asBoolean()).isTrue();
        assertThat(report.path("lost").asLong(-1)).isZero();
        assertThat(report.path("delivered").asLong()).isPositive();
        JsonNode full = json("connect -C 30 --storm --full-handshakes " + tls);
        assertThat(full.path("storm").path("ok").asInt()).isEqualTo(30);
        assertThat(full.path("storm").path("tls_resumed").asInt(-1)).isZero();

        JsonNode resumed = json("connect -C 30 --storm " + tls);
        assertThat(resumed.path("storm").path("ok").asInt()).isEqualTo(30);
        assertThat(resumed.path("storm").path("tls_resumed").asInt(-1)).isEqualTo(30);
    }

    @Test
    void whatCannotBeRunSaysWhy() {
        assertThat(run("bench load pubsub -t pairs -P 2 -S 3").err())
                .contains("pairs have as many subscribers as publishers");
        assertThat(run("bench load pubsub -b 3").err()).contains("a payload has 24 bytes");
        assertThat(run("bench load offline -q 0").err()).contains("QoS 1 or 2");
        assertThat(run("bench load pubsub --host 192.0.2.1").err()).contains("is not this machine");
        ToolRun refused =
                run("bench load pubsub --port " + server.mqttAddress("tls").getPort() + " --tls -D 1 --ca "
                        + server.certificates().developmentAuthority().orElseThrow());
        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.err()).contains("the broker refused the connection");
    }

    /// A machine that is busy may stand still for as long as is measured, but hardly five times.
    private static JsonNode delivering(String options) {
        JsonNode report = json(options);
        for (int i = 1; i < 5 && report.path("delivered").asLong() == 0; i++) {
            report = json(options);
        }
        return report;
    }

    private static JsonNode load(String options) {
        return json(options + tcp());
    }

    private static String tcp() {
        return " --port " + server.mqttAddress("tcp").getPort();
    }

    private static JsonNode json(String options) {
        ToolRun run = run("bench load " + options + " --strict --json");
        assertThat(run.exitCode()).as(run.err() + run.out()).isZero();
        assertThat(run.out().lines()).hasSize(1);
        return JSON.readTree(run.out());
    }

    private static ToolRun run(String line) {
        List<String> words = new ArrayList<>(Arrays.asList(line.split(" ")));
        return ToolRun.of(words.toArray(String[]::new));
    }
}
