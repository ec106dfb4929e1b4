// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLParser;

/// Reads a YAML text into nodes with lines. Jackson's own data binding stops at the first fault and its tree
/// forgets lines; its token stream keeps both. One use, one thread.
final class YamlReader {
    private final Path file;
    private final List<ConfigFault> faults;

    YamlReader(Path file, List<ConfigFault> faults) {
        this.file = file;
        this.faults = faults;
    }

    /// The text's root mapping; empty if the text is not YAML at all, and then there is a fault that says where.
    Optional<YamlNode.Mapping> read(String text) {
        try (YAMLParser parser = (YAMLParser) new YAMLFactory().createParser(ObjectReadContext.empty(), text)) {
            JsonToken first = parser.nextToken();
            if (first == null) {
                return Optional.of(new YamlNode.Mapping(1, Map.of()));
            }
            YamlNode root = node(parser, first);
            if (root instanceof YamlNode.Nothing) {
                return Optional.of(new YamlNode.Mapping(1, Map.of()));
            }
            if (root instanceof YamlNode.Mapping mapping) {
                if (parser.nextToken() != null) {
                    fault(line(parser), "only one YAML document is read, and here begins a second");
                }
                return Optional.of(mapping);
            }
            fault(root.line(), "the file must be a mapping of keys to values, not " + root.kind());
        } catch (JacksonException e) {
            notYaml(e);
        }
        return Optional.empty();
    }

    private YamlNode node(YAMLParser parser, JsonToken token) {
        int line = line(parser);
        if (parser.isCurrentAlias()) {
            fault(line, "aliases (*" + parser.getString() + ") are not supported: write the value out");
            return new YamlNode.Nothing(line);
        }
        return switch (token) {
            case START_OBJECT -> mapping(parser, line);
            case START_ARRAY -> sequence(parser, line);
            case VALUE_NULL -> new YamlNode.Nothing(line);
            default -> new YamlNode.Scalar(line, parser.getString());
        };
    }

    private YamlNode mapping(YAMLParser parser, int line) {
        Map<String, YamlNode.Entry> entries = new LinkedHashMap<>();
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_OBJECT; token = parser.nextToken()) {
            String key = parser.currentName();
            int keyLine = line(parser);
            YamlNode value = node(parser, parser.nextToken());
            YamlNode.Entry earlier = entries.putIfAbsent(key, new YamlNode.Entry(keyLine, value));
            if (earlier != null) {
                fault(keyLine, "key '" + key + "' is there twice, first on line " + earlier.line());
            }
        }
        return new YamlNode.Mapping(line, entries);
    }

    private YamlNode sequence(YAMLParser parser, int line) {
        List<YamlNode> items = new ArrayList<>();
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            items.add(node(parser, token));
        }
        return new YamlNode.Sequence(line, items);
    }

    private static int line(YAMLParser parser) {
        return Math.max(1, parser.currentTokenLocation().getLineNr());
    }

    /// Jackson's location is that of the last good token; the cause knows where the fault itself is.
    private void notYaml(JacksonException e) {
        if (e.getCause() instanceof MarkedYamlEngineException marked
                && marked.getProblemMark().isPresent()) {
            fault(marked.getProblemMark().get().getLine() + 1, "not YAML: " + marked.getProblem());
        } else {
            String message = e.getOriginalMessage().lines().findFirst().orElse("unreadable");
            fault(Math.max(1, e.getLocation() == null ? 1 : e.getLocation().getLineNr()), "not YAML: " + message);
        }
    }

    private void fault(int line, String message) {
        faults.add(new ConfigFault(file, line, message));
    }
}
