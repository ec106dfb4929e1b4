// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.topic;

import org.jspecify.annotations.Nullable;

/// A topic filter as SUBSCRIBE and UNSUBSCRIBE name it: with or without `$share/<share name>/` in front.
///
/// @param shareName null for a subscription that is not shared
public record SharedFilter(@Nullable String shareName, TopicFilter filter) {

    private static final String PREFIX = "$share/";

    /// Parses [MQTT-4.8.2-1] and [MQTT-4.8.2-2]: the share name has at least one character and neither `/`, `+` nor
    /// `#`, and a topic filter follows it.
    public static SharedFilter parse(String text) throws InvalidTopicException {
        if (!text.startsWith(PREFIX)) {
            return new SharedFilter(null, TopicFilter.parse(text));
        }
        int slash = text.indexOf('/', PREFIX.length());
        if (slash < 0) {
            throw new InvalidTopicException("shared subscription has no topic filter behind its share name");
        }
        String name = text.substring(PREFIX.length(), slash);
        if (name.isEmpty() || name.indexOf('+') >= 0 || name.indexOf('#') >= 0 || name.indexOf('\0') >= 0) {
            throw new InvalidTopicException("share name must not be empty nor contain '+', '#' or NUL");
        }
        return new SharedFilter(name, TopicFilter.parse(text.substring(slash + 1)));
    }

    public boolean isShared() {
        return shareName != null;
    }

    /// The text as the client wrote it.
    public String text() {
        return shareName == null ? filter.text() : PREFIX + shareName + "/" + filter.text();
    }
}
