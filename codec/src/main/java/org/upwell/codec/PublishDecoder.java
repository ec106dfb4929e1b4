// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

/// Reads PUBLISH, the hot path: topic names that repeat come out of a cache, the payload is copied once, properties
/// are looked at only where there are some. Owned by one [PacketDecoder] because of the cache.
final class PublishDecoder implements PacketBodyDecoder {

    private static final int DUP = 0x08;
    private static final int QOS = 0x06;
    private static final int RETAIN = 0x01;

    private final TopicCache topics = new TopicCache();

    @Override
    public Publish decode(PacketReader in) throws DecodeException {
        int flags = in.flags();
        QoS qos = qos(in, flags);
        String topic = in.topicName(topics);
        // [MQTT-2.2.1-2], [MQTT3-2.3.1-5]: none at QoS 0.
        int packetId = qos == QoS.AT_MOST_ONCE ? 0 : in.packetId();
        Properties properties = in.isMqtt5() ? properties(in) : Properties.NONE;
        if (topic.isEmpty() && !properties.has(Property.TOPIC_ALIAS)) {
            // Section 3.3.2.1 with 3.3.2.3.4; [MQTT3-4.7.3-1]
            throw in.protocolError("topic name", "is empty, and no topic alias stands for it");
        }
        boolean dup = (flags & DUP) != 0 && qos != QoS.AT_MOST_ONCE;
        return new Publish(topic, in.rest(), qos, dup, (flags & RETAIN) != 0, packetId, properties);
    }

    private static QoS qos(PacketReader in, int flags) throws DecodeException {
        int code = (flags & QOS) >> 1;
        if (code == 3) {
            // [MQTT-3.3.1-4], [MQTT3-3.3.1-4]
            throw in.malformed("QoS", "is 3");
        }
        if (code == 0 && (flags & DUP) != 0 && in.version() != MqttVersion.MQTT_3_1) {
            // [MQTT-3.3.1-2], [MQTT3-3.3.1-2]; section 2.1 of 3.1 only says that the flag applies above QoS 0.
            throw in.malformed("DUP", "is set at QoS 0");
        }
        return QoS.of(code);
    }

    private static Properties properties(PacketReader in) throws DecodeException {
        return PropertiesDecoder.decode(
                in, in.receiverIsServer() ? PropertyRules.PUBLISH_FROM_CLIENT : PropertyRules.PUBLISH_FROM_SERVER);
    }
}
