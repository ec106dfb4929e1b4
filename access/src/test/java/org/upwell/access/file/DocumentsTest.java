// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class DocumentsTest {

    private final Faults faults = new Faults(Path.of("some.file"));

    private Node.Mapping json(String text) {
        return Documents.json(text.getBytes(StandardCharsets.UTF_8), faults);
    }

    private Node.Mapping yaml(String text) {
        return Documents.yaml(text.getBytes(StandardCharsets.UTF_8), faults);
    }

    private List<String> faults() {
        try {
            faults.throwIfAny();
            return List.of();
        } catch (BrokenFileException e) {
            return e.faults();
        }
    }

    private static Node.Entry entry(Node.Mapping mapping, String key) {
        return Objects.requireNonNull(mapping.entries().get(key), key);
    }

    @Test
    void valuesKnowTheirLines() {
        Node.Mapping root = yaml("""
                a: 1
                b:
                  - x
                  - y: true
                """);
        assertThat(entry(root, "a").value()).isEqualTo(new Node.Scalar("1", Node.Type.NUMBER, 1));
        Node.Mapping inner =
                new Node.Mapping(Map.of("y", new Node.Entry(new Node.Scalar("true", Node.Type.FLAG, 4), 4)), 4);
        assertThat(entry(root, "b").value())
                .isEqualTo(new Node.Sequence(List.of(new Node.Scalar("x", Node.Type.TEXT, 3), inner), 3));
        assertThat(entry(root, "b").line()).isEqualTo(2);
        assertThat(faults()).isEmpty();
    }

    @Test
    void aFaultOfSyntaxNamesItsLine() {
        assertThat(json("{\n \"a\": 1,\n \"b\" 2\n}").entries()).isEmpty();
        assertThat(faults()).singleElement().asString().startsWith("some.file:3: not JSON: ");
    }

    @Test
    void aFaultOfYamlSyntaxNamesItsLine() {
        yaml("a: 1\nb: [1, 2\nc: 3\n");
        assertThat(faults()).singleElement().asString().matches("some\\.file:3: not YAML: .*");
    }

    @Test
    void aKeyThatStandsTwiceIsReportedWithBothPlaces() {
        json("{\"a\": 1,\n\"b\": 2,\n\"a\": 3}");
        assertThat(faults()).containsExactly("some.file:3: key 'a' is there twice, first on line 1");
    }

    @Test
    void theRootMustBeAMapping() {
        json("[1]");
        assertThat(faults()).containsExactly("some.file:1: the file must be a mapping of keys to values, not a list");
    }

    @Test
    void anAliasIsAFaultInsteadOfAText() {
        yaml("a: &x {b: 1}\nc: *x\n");
        assertThat(faults()).containsExactly("some.file:2: aliases (*x) are not supported: write the value out");
    }

    @Test
    void emptyYamlSaysNothingAndEmptyJsonIsAFault() {
        assertThat(yaml("# only a comment\n").entries()).isEmpty();
        assertThat(faults.isEmpty()).isTrue();
        json("");
        assertThat(faults()).containsExactly("some.file:1: the file is empty");
    }

    @Test
    void allFaultsOfFieldsAreReportedAtOnce() {
        Fields root = Fields.root(yaml("""
                format: 2
                name: [x]
                count: 11
                flag: maybe
                list: text
                extra: 1
                """), 1, faults);
        root.text("name");
        root.text("missing");
        root.number("count", 5, 0, 10);
        root.flag("flag", false);
        root.items("list");
        root.finish();
        assertThat(faults())
                .containsExactly(
                        "some.file:1: format 2 was written by a newer version; this one reads up to 1",
                        "some.file:2: 'name' of the file must be text, found a list",
                        "some.file:1: the file lacks 'missing'",
                        "some.file:3: 'count' of the file must be a number from 0 to 10, found '11'",
                        "some.file:4: 'flag' of the file must be true or false, found 'maybe'",
                        "some.file:5: 'list' of the file must be a list, found text",
                        "some.file:6: unknown key 'extra' in the file (known: format, name, missing, count, flag, list)");
    }

    @Test
    void aFileOfTheWrongKindDoesNotFloodTheLog() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 1000; i++) {
            text.append("key").append(i).append(": 1\n");
        }
        Fields.root(yaml(text.toString()), 1, faults).finish();
        assertThat(faults()).hasSize(51).last().asString().endsWith("and 950 more");
    }
}
