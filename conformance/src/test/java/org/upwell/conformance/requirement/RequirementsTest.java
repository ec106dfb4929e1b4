// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance.requirement;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Holds the statements of both specifications, the tags in the sources and the page that shows them together.
class RequirementsTest {

    private final Path root = root();
    private final List<Statement> mqtt5 = Statement.read("mqtt5.tsv");
    private final List<Statement> mqtt311 = Statement.read("mqtt311.tsv");
    private final Map<String, Statement.Gap> gaps = Statement.readGaps("gaps.tsv");
    private final Citations citations = Citations.scan(root);

    RequirementsTest() throws IOException {}

    /// The checkout: the nearest directory upwards that has the launcher.
    private static Path root() {
        for (Path directory = Path.of("").toAbsolutePath(); directory != null; directory = directory.getParent()) {
            if (Files.isRegularFile(directory.resolve("upwell"))) {
                return directory;
            }
        }
        throw new IllegalStateException(
                "not run inside a checkout: " + Path.of("").toAbsolutePath());
    }

    private List<Statement> all() {
        List<Statement> all = new ArrayList<>(mqtt5);
        all.addAll(mqtt311);
        return all;
    }

    private Set<String> ids() {
        Set<String> ids = new HashSet<>();
        for (Statement statement : all()) {
            assertThat(ids.add(statement.id()))
                    .as("listed twice: " + statement.id())
                    .isTrue();
        }
        return ids;
    }

    @Test
    void theListsAreThoseOfTheSpecifications() {
        // The sizes of both appendices B, by chapter, so that a lost line shows.
        assertThat(mqtt5).hasSize(251).allMatch(statement -> statement.id().startsWith("MQTT-"));
        assertThat(mqtt311).hasSize(141).allMatch(statement -> statement.id().startsWith("MQTT3-"));
        assertThat(countByChapter(mqtt5, "MQTT-")).containsExactly(5, 7, 175, 60, 0, 4, 0);
        assertThat(countByChapter(mqtt311, "MQTT3-")).containsExactly(3, 9, 95, 26, 0, 4, 4);
    }

    private static List<Integer> countByChapter(List<Statement> statements, String prefix) {
        List<Integer> counts = new ArrayList<>();
        for (int chapter = 1; chapter <= 7; chapter++) {
            String start = prefix + chapter + ".";
            counts.add((int) statements.stream()
                    .filter(statement -> statement.id().startsWith(start))
                    .count());
        }
        return counts;
    }

    @Test
    void everyTagNamesAStatement() {
        Set<String> known = ids();
        List<String> unknown = new ArrayList<>();
        citations.cited().forEach((id, files) -> {
            if (!known.contains(id)) {
                unknown.add(id + " in " + files);
            }
        });
        assertThat(unknown).as("tags that are in neither specification").isEmpty();
    }

    @Test
    void everyStatementThatBindsTheServerHasATest() {
        List<String> missing = all().stream()
                .filter(statement -> statement.side().bindsServer())
                .filter(statement -> citations.testsOf(statement.id()).isEmpty())
                .filter(statement -> !gaps.containsKey(statement.id()))
                .map(statement -> statement.id() + " " + statement.text())
                .toList();
        assertThat(missing).as("statements without a test").isEmpty();
    }

    @Test
    void gapsAreOpen() {
        Set<String> known = ids();
        assertThat(gaps.keySet()).allSatisfy(id -> {
            assertThat(known).as("gaps.tsv").contains(id);
            assertThat(citations.testsOf(id))
                    .as("%s has a test now: take it out of gaps.tsv", id)
                    .isEmpty();
        });
    }

    @Test
    void thePageIsUpToDate() throws IOException {
        Path page = root.resolve("docs/requirements.md");
        String written = new RequirementsPage(citations, gaps).write(mqtt5, mqtt311);
        if (Boolean.getBoolean("requirements.write")) {
            Files.writeString(page, written);
        }
        assertThat(Files.exists(page) ? Files.readString(page, StandardCharsets.UTF_8) : "")
                .as("docs/requirements.md is stale; write it again by\n    " + RequirementsPage.WRITE_COMMAND + "\n")
                .isEqualTo(written);
    }
}
