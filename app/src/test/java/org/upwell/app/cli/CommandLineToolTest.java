// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

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
        Map<String, CommandLine> commands = new CommandLine(new RootCommand()).getSubcommands();
        assertThat(commands).isNotEmpty();
        assertThat(commands.keySet()).allSatisfy(name -> assertThat(run.out()).contains("  " + name + " "));
    }

    @Test
    void everyCommandIsDescribedAndExplainsItself() {
        new CommandLine(new RootCommand()).getSubcommands().forEach((name, command) -> {
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
        assertThat(run.out()).contains("queue-limit: 7\n").contains("queue-overflow: drop-newest\n");
        assertThat(run.err()).isEqualTo(file + ": no faults\n");
    }

    @Test
    void configCheckPrintsAllFaultsAndFails(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("upwell.yaml");
        Files.writeString(file, "mqtt:\n  queue-limit: none\ndurability: sync\nfoo: 1\n");

        ToolRun run = ToolRun.of("config", "check", file.toString());

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.err().lines())
                .satisfiesExactly(
                        line -> assertThat(line).isEqualTo("upwell: 3 faults in the configuration"),
                        line -> assertThat(line).startsWith(file + ":2: 'mqtt.queue-limit'"),
                        line -> assertThat(line).startsWith(file + ":3: 'durability' 'sync'"),
                        line -> assertThat(line).startsWith(file + ":4: unknown key 'foo'"));
    }

    @Test
    void fileThatIsNotThereIsAFailure() {
        ToolRun run = ToolRun.of("config", "check", "no-such-file.yaml");

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).isEqualTo("upwell: no-such-file.yaml: no such file\n");
    }
}
