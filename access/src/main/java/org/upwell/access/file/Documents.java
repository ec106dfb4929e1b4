// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.file;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.upwell.access.Printable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLParser;

/// Reads JSON and YAML into [Node]s and writes JSON that people can read.
///
/// Not bound onto records by the library, because that reports the first fault only and forgets where a value
/// stood.
public final class Documents {

    private static final TokenStreamFactory JSON = new JsonFactory();
    private static final TokenStreamFactory YAML = new YAMLFactory();
    private static final JsonMapper WRITER = JsonMapper.builder().build();

    private Documents() {}

    /// The root mapping of a JSON document. A fault of syntax goes to `faults` and leaves an empty mapping.
    public static Node.Mapping json(byte[] content, Faults faults) {
        return read(JSON, content, faults);
    }

    /// The root mapping of a YAML document; an empty document is an empty mapping.
    public static Node.Mapping yaml(byte[] content, Faults faults) {
        return read(YAML, content, faults);
    }

    /// JSON text with a line for each entry, ending in a line break.
    public static byte[] writeJson(Consumer<JsonGenerator> body) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator generator = WRITER.writerWithDefaultPrettyPrinter().createGenerator(out)) {
            generator.writeStartObject();
            body.accept(generator);
            generator.writeEndObject();
        }
        out.write('\n');
        return out.toByteArray();
    }

    /// A list of texts in their natural order, so that the same set gives the same bytes.
    public static void writeTexts(JsonGenerator json, String name, Collection<String> texts) {
        json.writeName(name);
        json.writeStartArray();
        texts.stream().sorted().forEach(json::writeString);
        json.writeEndArray();
    }

    private static Node.Mapping read(TokenStreamFactory factory, byte[] content, Faults faults) {
        Node.Mapping empty = new Node.Mapping(Map.of(), 1);
        try (JsonParser parser = factory.createParser(ObjectReadContext.empty(), content)) {
            JsonToken first = parser.nextToken();
            if (first == null) {
                if (factory == JSON) {
                    faults.add(1, "the file is empty");
                }
                return empty;
            }
            Node root = node(parser, first, faults);
            if (parser.nextToken() != null) {
                faults.add(line(parser), "more follows after the end of the document");
            }
            boolean nothing = root instanceof Node.Scalar scalar && scalar.type() == Node.Type.NOTHING;
            if (root instanceof Node.Mapping mapping) {
                return mapping;
            }
            if (!nothing || factory == JSON) {
                faults.add(root.line(), "the file must be a mapping of keys to values, not " + root.kind());
            }
        } catch (JacksonException e) {
            malformed(factory, e, faults);
        }
        return empty;
    }

    private static void malformed(TokenStreamFactory factory, JacksonException e, Faults faults) {
        String what = factory == JSON ? "not JSON: " : "not YAML: ";
        if (e.getCause() instanceof MarkedYamlEngineException marked
                && marked.getProblemMark().isPresent()) {
            // Jackson's place is that of the last good token; the cause knows where the fault itself is.
            faults.add(marked.getProblemMark().get().getLine() + 1, what + firstLine(marked.getProblem()));
        } else {
            int line = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
            faults.add(Math.max(line, 0), what + firstLine(e.getOriginalMessage()));
        }
    }

    private static String firstLine(String message) {
        return Printable.cut(message.lines().findFirst().orElse("unreadable"), 200);
    }

    private static int line(JsonParser parser) {
        return Math.max(1, parser.currentTokenLocation().getLineNr());
    }

    private static Node node(JsonParser parser, JsonToken token, Faults faults) {
        int line = line(parser);
        if (parser instanceof YAMLParser yaml && yaml.isCurrentAlias()) {
            faults.add(
                    line,
                    "aliases (*" + Printable.cut(parser.getString(), 40) + ") are not supported: write the value out");
            return new Node.Scalar("", Node.Type.NOTHING, line);
        }
        return switch (token) {
            case START_OBJECT -> mapping(parser, line, faults);
            case START_ARRAY -> sequence(parser, line, faults);
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new Node.Scalar(parser.getString(), Node.Type.NUMBER, line);
            case VALUE_TRUE, VALUE_FALSE -> new Node.Scalar(parser.getString(), Node.Type.FLAG, line);
            case VALUE_NULL -> new Node.Scalar("", Node.Type.NOTHING, line);
            default -> new Node.Scalar(parser.getString(), Node.Type.TEXT, line);
        };
    }

    private static Node sequence(JsonParser parser, int line, Faults faults) {
        List<Node> items = new ArrayList<>();
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            items.add(node(parser, token, faults));
        }
        return new Node.Sequence(items, line);
    }

    private static Node mapping(JsonParser parser, int line, Faults faults) {
        Map<String, Node.Entry> entries = new LinkedHashMap<>();
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_OBJECT; token = parser.nextToken()) {
            String key = parser.currentName();
            int keyLine = line(parser);
            Node value = node(parser, parser.nextToken(), faults);
            Node.Entry earlier = entries.putIfAbsent(key, new Node.Entry(value, keyLine));
            if (earlier != null) {
                faults.add(
                        keyLine,
                        "key '" + Printable.cut(key, 80) + "' is there twice, first on line " + earlier.line());
            }
        }
        return new Node.Mapping(entries, line);
    }
}
