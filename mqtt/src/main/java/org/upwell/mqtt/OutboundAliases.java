// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.PacketEncoder;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.Publish;

/// The topic aliases that we use towards one client ([MQTT-3.3.2-9] to [MQTT-3.3.2-12]). Exists only for clients
/// that allow aliases, and dies with the connection. Owned by the connection's event loop; sees the packets in the
/// order in which they are encoded.
///
/// A topic gets an alias when it comes again soon: a client that hears of a thousand topics in turn would else be
/// told of a new alias with every message, and save nothing. Of those that have one the least recently used gives
/// way.
final class OutboundAliases {

    /// Bytes that the property takes, so that a shorter name gains nothing.
    private static final int PROPERTY_BYTES = 3;

    /// Topics that are remembered for each alias to tell which come again.
    private static final int SEEN_PER_ALIAS = 4;

    private final int maximum;
    private final long maxPacketBytes;
    private final Map<String, Integer> aliases;
    private final @Nullable String[] seen;

    /// @param maximum the greatest alias, at least 1
    /// @param maxPacketBytes what the client accepts
    OutboundAliases(int maximum, long maxPacketBytes) {
        this.maximum = maximum;
        this.maxPacketBytes = maxPacketBytes;
        this.aliases = new LinkedHashMap<>(16, 0.75f, true);
        this.seen = new @Nullable String[Integer.highestOneBit(maximum * SEEN_PER_ALIAS * 2 - 1)];
    }

    /// The packet as it is to be sent, which it then must be unless it is too large for the client.
    Publish shorten(Publish publish) {
        String topic = publish.topic();
        if (topic.length() <= PROPERTY_BYTES) {
            return publish;
        }
        Integer known = aliases.get(topic);
        if (known != null) {
            return with(publish, "", properties(publish, known));
        }
        if (!comesAgain(topic)) {
            return publish;
        }
        int alias = aliases.size() < maximum ? aliases.size() + 1 : leastRecentlyUsed();
        Publish defining = with(publish, topic, properties(publish, alias));
        if (maxPacketBytes != Long.MAX_VALUE
                && PacketEncoder.encodedBytes(defining, MqttVersion.MQTT_5) > maxPacketBytes) {
            // Without the alias it may fit.
            return publish;
        }
        aliases.values().remove(alias);
        aliases.put(topic, alias);
        return defining;
    }

    private boolean comesAgain(String topic) {
        int hash = topic.hashCode();
        int place = (hash ^ hash >>> 16) & (seen.length - 1);
        if (topic.equals(seen[place])) {
            return true;
        }
        seen[place] = topic;
        return false;
    }

    private int leastRecentlyUsed() {
        Iterator<Integer> oldestFirst = aliases.values().iterator();
        return oldestFirst.next();
    }

    /// The packet without an alias, which it may have from elsewhere.
    static Publish without(Publish publish) {
        return publish.properties().has(Property.TOPIC_ALIAS)
                ? with(publish, publish.topic(), publish.properties().without(Property.TOPIC_ALIAS))
                : publish;
    }

    private static Properties properties(Publish publish, int alias) {
        return Properties.builder()
                .integer(Property.TOPIC_ALIAS, alias)
                .all(publish.properties())
                .build();
    }

    private static Publish with(Publish publish, String topic, Properties properties) {
        return new Publish(
                topic,
                publish.payload(),
                publish.qos(),
                publish.dup(),
                publish.retain(),
                publish.packetId(),
                properties);
    }
}
