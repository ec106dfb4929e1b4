// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.upwell.access.Printable;
import tools.jackson.databind.JsonNode;

/// Takes the fields of a JSON object by name. A field that is missing or of another type ends the request with a
/// 400 that names it. Owned by the thread that serves the request.
final class JsonBody {

    private final JsonNode object;
    private final Set<String> known = new LinkedHashSet<>();

    JsonBody(JsonNode object) {
        this.object = object;
    }

    String text(String name) {
        String text = textOrNull(name);
        if (text == null) {
            throw HttpFault.badRequest("'" + name + "' is missing");
        }
        return text;
    }

    @Nullable
    String textOrNull(String name) {
        JsonNode value = take(name);
        if (value == null) {
            return null;
        }
        if (!value.isString()) {
            throw HttpFault.badRequest("'" + name + "' must be text");
        }
        return value.stringValue();
    }

    /// A whole number; null if there is no such field.
    @Nullable
    Long numberOrNull(String name) {
        JsonNode value = take(name);
        if (value == null) {
            return null;
        }
        if (!value.isIntegralNumber() || !value.canConvertToLong()) {
            throw HttpFault.badRequest("'" + name + "' must be a whole number");
        }
        return value.longValue();
    }

    boolean flag(String name) {
        JsonNode value = take(name);
        if (value == null || !value.isBoolean()) {
            throw HttpFault.badRequest("'" + name + "' must be true or false");
        }
        return value.booleanValue();
    }

    /// A list of texts; null if there is no such field.
    @Nullable
    List<String> textsOrNull(String name) {
        JsonNode value = take(name);
        if (value == null) {
            return null;
        }
        if (!value.isArray()) {
            throw HttpFault.badRequest("'" + name + "' must be a list of texts");
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode item : value) {
            if (!item.isString()) {
                throw HttpFault.badRequest("'" + name + "' must be a list of texts");
            }
            texts.add(item.stringValue());
        }
        return texts;
    }

    /// A list of objects, which must be there.
    List<JsonNode> objects(String name) {
        JsonNode value = take(name);
        if (value == null || !value.isArray()) {
            throw HttpFault.badRequest("'" + name + "' must be a list of objects");
        }
        List<JsonNode> objects = new ArrayList<>();
        for (JsonNode item : value) {
            if (!item.isObject()) {
                throw HttpFault.badRequest("'" + name + "' must be a list of objects");
            }
            objects.add(item);
        }
        return objects;
    }

    /// Ends the request if there is a field that nobody asked for.
    void finish() {
        for (String name : object.propertyNames()) {
            if (!known.contains(name)) {
                throw HttpFault.badRequest(
                        "unknown field '" + Printable.cut(name, 40) + "' (known: " + String.join(", ", known) + ")");
            }
        }
    }

    private @Nullable JsonNode take(String name) {
        known.add(name);
        JsonNode value = object.get(name);
        return value == null || value.isNull() ? null : value;
    }
}
