// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class CommandLineToolTest {
    @Test
    void helpListsEveryCommandAndIsDone() {
        ToolRun run = ToolRun.of("help");

        assertThat(run.exitCode()).isZero();
        assertThat(run.err()).isEmpty();
        Map<String, CommandLine> commands = RootCommand.commandLine().getSubcommands();
        assertThat(commands).isNotEmpty();
        commands.forEach((name, command) -> {
            boolean hidden = command.getCommandSpec().usageMessage().hidden();
            assertThat(run.out().contains("  " + name + " ")).as(name).isEqualTo(!hidden);
        });
    }

    @Test
    void everyCommandIsDescribedAndExplainsItself() {
        RootCommand.commandLine().getSubcommands().forEach((name, command) -> {
            assertThat(command.getCommandSpec().usageMessage().description())
                    .as(name)
                    .isNotEmpty();
            assertThat(ToolRun.of("help", name).out()).as(name).contains("Usage: upwell " + name);
        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "bogus | unknown command 'bogus'",
                "--bogus | unknown option '--bogus'",
                "get --bogus | unknown option '--bogus'",
                "config check a b | unexpected argument 'b'",
                "config chekc | unknown command 'chekc'",
                "get | Missing required parameter: 'URI'",
                "get http://host/ | \"'http://host/' is not a device's address such as coap://SSN<MAC>.<domain>/path\"",
                "observe coap://h/ --for 10x | Invalid value for option '--for': '10x' is not a duration such as",
                "observe coap://h/ --count 0 | Invalid value for option '--count': '0' is not a count, 1 or more",
                "get coap://h/ --gateway h:65536 | Invalid value for option '--gateway': 'h:65536' is not HOST:PORT",
                "get coap://h/ --local-port 65536 | Invalid value for option '--local-port': '65536' is not a port",
                "get coap://h/ --token a --token-file b | --token=JWT, --token-file=FILE are mutually exclusive",
                "token --url h --client-id c --client-secret s | Invalid value for option '--url': 'h' is not https://",
                "sub t --url tcp://h/path | Invalid value for option '--url': 'tcp://h/path' is not ssl://host:port or",
                "sub t --count x | Invalid value for option '--count': 'x' is not a count, 1 or more",
                "get coap://h/ --gateway a:b:c | Invalid value for option '--gateway': 'a:b:c' is not HOST:PORT",
            })
    void wrongUseNamesItselfAndExitsWithTwo(String line, String complaint) {
        ToolRun run = ToolRun.of(line.split(" "));

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).startsWith("upwell: " + complaint).contains("See './upwell help");
    }

    @Test
    void noCommandIsWrongUse() {
        assertThat(ToolRun.of().exitCode()).isEqualTo(2);
    }

    @Test
    void configCheckPrintsWhatItUnderstood(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("upwell.yaml");
        Files.writeString(file, "mqtt:\n  queue-limit: 7\n");

        ToolRun run = ToolRun.of("config", "check", file.toString());

        assertThat(run.exitCode()).isZero();
        assertThat(run.out())
                .contains("queue-limit: 7\n")
                .contains("queue-overflow: drop-newest\n")
                .contains("shared-redelivery: session-end\n");
        assertThat(run.err()).isEqualTo(file + ": no faults\n");
    }

    @Test
    void configCheckPrintsAllFaultsAndFails(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("upwell.yaml");
        Files.writeString(file, "mqtt:\n  queue-limit: none\ndurability: always\nfoo: 1\n");

        ToolRun run = ToolRun.of("config", "check", file.toString());

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.err().lines())
                .satisfiesExactly(
                        line -> assertThat(line).isEqualTo("upwell: 3 faults in the configuration"),
                        line -> assertThat(line).startsWith(file + ":2: 'mqtt.queue-limit'"),
                        line -> assertThat(line).startsWith(file + ":3: 'durability' must be one of"),
                        line -> assertThat(line).startsWith(file + ":4: unknown key 'foo'"));
    }

    /// What cannot be is one line, whichever command it is given to.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "config check DIR | DIR: is a directory, not a file",
                "server --config DIR/none | DIR/none: there is no such file",
                "server --config DIR/not-a-directory.yaml | the server cannot start: DIR/file: is not a directory",
                "server --config DIR/port-in-use.yaml | the server cannot start: listener a cannot bind ",
                "server --config DIR/no-certificate.yaml | the server cannot start: listener a cannot use certificate",
                "server --config DIR/bad-tenant.yaml | 1 fault in the configuration",
                "gateway --config DIR/no-ca.yaml | the gateway cannot start: DIR/none: there is no such file",
                "gateway --config DIR/no-password.yaml | the gateway cannot start: DIR/none: there is no such file",
                "demo --data-directory DIR/file --any-ports | the demo cannot start: DIR/file: is not a directory",
                "tenant list --data-directory DIR/file | DIR/file: is not a directory",
                "device list --tenant none --data-directory DIR | there is no tenant 'none'",
                "pub t --file DIR/none | DIR/none: there is no such file",
                "pub t --ca DIR/none | DIR/none: there is no such file",
                "sub t --ca DIR/file | DIR/file: has no certificate in PEM form",
                "sub t --url tcp://127.0.0.1:PORT1 | cannot connect to 127.0.0.1:",
                "get coap://h/ --token-file DIR/none | DIR/none: there is no such file",
                "token --url http://127.0.0.1:PORT1 --client-id c --client-secret s | no answer from",
            })
    void whatCannotBeIsOneLine(String line, String complaint, @TempDir Path directory) throws Exception {
        try (ServerSocket inUse = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket silent = new Socket()) {
            // Holds a port, so that nobody else gets it, and does not listen.
            silent.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            write(directory, inUse.getLocalPort());
            String arguments =
                    line.replace("DIR", directory.toString()).replace("PORT1", Integer.toString(silent.getLocalPort()));

            ToolRun run = ToolRun.of(arguments.split(" "));

            assertThat(run.exitCode()).isEqualTo(1);
            assertThat(run.err())
                    .startsWith("upwell: " + complaint.replace("DIR", directory.toString()))
                    .satisfies(err -> assertThat(err.lines()).hasSizeLessThanOrEqualTo(2));
        }
    }

    /// One configuration for each thing that can be wrong with a start.
    private static void write(Path directory, int portInUse) throws IOException {
        Files.writeString(directory.resolve("file"), "nothing");
        String data = "data-directory: " + directory.resolve("data") + "\n";
        String http = "http: {port: 0}\nhttps: {bind: 127.0.0.1, port: 0}\n";
        String listener = "mqtt:\n  listeners:\n    - {name: a, bind: 127.0.0.1, ";
        Map<String, String> files = Map.of(
                "not-a-directory", "data-directory: " + directory.resolve("file") + "\n" + http,
                "port-in-use", data + http + listener + "type: tcp, port: " + portInUse + "}\n",
                "no-certificate", data + http + listener + "type: tls, port: 0, certificate: none, key: none}\n",
                "bad-tenant", data + http + listener + "type: tcp, port: 0, anonymous: {tenant: a/b, roles: [X]}}\n",
                "no-ca", data + gateway(directory, "file, ca: " + directory.resolve("none")),
                "no-password", data + gateway(directory, "none"));
        for (Map.Entry<String, String> file : files.entrySet()) {
            Files.writeString(directory.resolve(file.getKey() + ".yaml"), file.getValue());
        }
    }

    private static String gateway(Path directory, String passwordFile) {
        return "gateway:\n  coap: {port: 0}\n  field: {port: 0}\n  broker: {url: 'ssl://127.0.0.1:1', username: g,"
                + " password-file: " + directory.resolve(passwordFile) + "}\n";
    }

    @Test
    void fileThatIsNotThereIsAFailure() {
        ToolRun run = ToolRun.of("config", "check", "no-such-file.yaml");

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).isEqualTo("upwell: no-such-file.yaml: there is no such file\n");
    }
}
