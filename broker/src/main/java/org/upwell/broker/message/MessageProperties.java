// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.message;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a publisher says about a payload, passed on unaltered ([MQTT-3.3.2-4], [MQTT-3.3.2-15] to [MQTT-3.3.2-20]).
/// Immutable; `correlationData` is not copied and never written.
///
/// @param payloadFormat 0 (bytes), 1 (UTF-8) or -1 if the publisher did not say
public record MessageProperties(
        int payloadFormat,
        @Nullable String contentType,
        @Nullable String responseTopic,
        byte @Nullable [] correlationData,
        List<UserProperty> userProperties) {

    public static final int UNSPECIFIED = -1;

    public static final MessageProperties NONE = new MessageProperties(UNSPECIFIED, null, null, null, List.of());

    /// What a user property takes in memory besides its characters: a packet may have very many short ones.
    private static final int USER_PROPERTY_BYTES = 100;

    public MessageProperties {
        userProperties = List.copyOf(userProperties);
    }

    /// What they count for in byte bounds.
    int weightBytes() {
        int weight = length(contentType) + length(responseTopic);
        weight += correlationData == null ? 0 : correlationData.length;
        for (UserProperty each : userProperties) {
            weight += each.name().length() + each.value().length() + USER_PROPERTY_BYTES;
        }
        return weight;
    }

    private static int length(@Nullable String text) {
        return text == null ? 0 : text.length();
    }
}
