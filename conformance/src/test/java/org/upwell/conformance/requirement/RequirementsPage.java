// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance.requirement;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedSet;

/// Writes `docs/requirements.md`.
final class RequirementsPage {

    static final String WRITE_COMMAND =
            "mvn -B -pl conformance -am test -Dtest=RequirementsTest -Drequirements.write=true"
                    + " -Dsurefire.failIfNoSpecifiedTests=false -Dsurefire.fail.on.no.tests=false";

    private final Citations citations;
    private final Map<String, Statement.Gap> gaps;
    private final StringBuilder out = new StringBuilder();

    RequirementsPage(Citations citations, Map<String, Statement.Gap> gaps) {
        this.citations = citations;
        this.gaps = gaps;
    }

    String write(List<Statement> mqtt5, List<Statement> mqtt311) {
        out.append("""
                # Requirements of MQTT and the tests that cover them

                Generated from the lists in `conformance/src/test/resources/requirements` and the tags in all tests; do
                not edit. To write it again:

                    %s

                Each row is a numbered statement of the conformance appendix of its OASIS specification, in our words;
                the specification's own text counts. A statement that binds only clients is marked so and needs no test
                of the broker; where there is one it shows what the broker does to a client that breaks the statement,
                or what our own client does. Tests are named by class, conformance scripts as `file#case`.

                """.replace("%s", WRITE_COMMAND));
        out.append("| | Statements | Client only | Binding the server | Tested | Not applicable | Open |\n");
        out.append("|---|---|---|---|---|---|---|\n");
        summary("MQTT 5", mqtt5);
        summary("MQTT 3.1.1", mqtt311);
        chapter("MQTT 5.0", mqtt5);
        chapter("MQTT 3.1.1", mqtt311);
        return out.toString();
    }

    private void summary(String version, List<Statement> statements) {
        List<Statement> binding = statements.stream()
                .filter(statement -> statement.side().bindsServer())
                .toList();
        long tested = binding.stream()
                .filter(statement -> !citations.testsOf(statement.id()).isEmpty())
                .count();
        long notApplicable = binding.stream()
                .map(statement -> gaps.get(statement.id()))
                .filter(gap -> gap != null && !gap.isOpen())
                .count();
        out.append(String.format(
                Locale.ROOT,
                "| %s | %d | %d | %d | %d | %d | %d |%n",
                version,
                statements.size(),
                statements.size() - binding.size(),
                binding.size(),
                tested,
                notApplicable,
                binding.size() - tested - notApplicable));
    }

    private void chapter(String version, List<Statement> statements) {
        out.append("\n## ")
                .append(version)
                .append("\n\n| Statement | Binds | What it asks | Tests |\n|---|---|---|---|\n");
        for (Statement statement : statements) {
            out.append(String.format(
                    Locale.ROOT,
                    "| %s | %s | %s | %s |%n",
                    statement.id(),
                    statement.side().name().toLowerCase(Locale.ROOT),
                    statement.text().replace("|", "\\|"),
                    tests(statement)));
        }
    }

    private String tests(Statement statement) {
        SortedSet<String> tests = citations.testsOf(statement.id());
        if (!tests.isEmpty()) {
            return String.join(", ", tests);
        }
        Statement.Gap gap = gaps.get(statement.id());
        if (gap != null) {
            return (gap.isOpen() ? "**open**: " : "not applicable: ") + gap.reason();
        }
        return statement.side().bindsServer() ? "**none**" : "(client)";
    }
}
