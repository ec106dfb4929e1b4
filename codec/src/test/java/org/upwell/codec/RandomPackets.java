// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.upwell.codec.PacketDecoder.Receiver;

/// Valid packets of every kind, drawn from a seed: what `receiver` may be sent in `version`, as a decoder gives it.
final class RandomPackets {

    private static final int[] CODE_POINTS = {
        'a', 'b', 'c', 'd', '/', '/', '$', ' ', '0', 0x01, 0x7F, 0x80, 0xE9, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFEFF,
        0x6F22, 0xFFFF, 0x10000, 0x1F600, 0x10FFFF
    };

    private final Random random;
    private final MqttVersion version;
    private final Receiver receiver;
    private final List<Supplier<Packet>> kinds = new ArrayList<>();

    RandomPackets(Random random, MqttVersion version, Receiver receiver) {
        this.random = random;
        this.version = version;
        this.receiver = receiver;
        kinds.add(this::publish);
        kinds.add(this::publish);
        kinds.add(() -> new PubAck(packetId(), reason(ReasonCodes.PUBACK_PUBREC), acknowledgement()));
        kinds.add(() -> new PubRec(packetId(), reason(ReasonCodes.PUBACK_PUBREC), acknowledgement()));
        kinds.add(() -> new PubRel(packetId(), reason(ReasonCodes.PUBREL_PUBCOMP), acknowledgement()));
        kinds.add(() -> new PubComp(packetId(), reason(ReasonCodes.PUBREL_PUBCOMP), acknowledgement()));
        if (receiver == Receiver.SERVER) {
            kinds.add(this::connect);
            kinds.add(this::subscribe);
            kinds.add(this::unsubscribe);
            kinds.add(() -> PingReq.INSTANCE);
        } else {
            kinds.add(this::connAck);
            kinds.add(this::subAck);
            kinds.add(this::unsubAck);
            kinds.add(() -> PingResp.INSTANCE);
        }
        if (receiver == Receiver.SERVER || version.isMqtt5()) {
            kinds.add(this::disconnect);
        }
        if (version.isMqtt5()) {
            kinds.add(this::auth);
        }
    }

    Packet next() {
        return kinds.get(random.nextInt(kinds.size())).get();
    }

    Connect connect() {
        Connect.Will will = random.nextBoolean()
                ? null
                : new Connect.Will(text(1), bytes(), qos(), random.nextBoolean(), properties(PropertyRules.WILL));
        String userName = random.nextBoolean() ? null : text(0);
        byte[] password = random.nextBoolean() || (userName == null && !version.isMqtt5()) ? null : bytes();
        Properties properties = withMethod(properties(PropertyRules.CONNECT));
        int keepAliveSeconds = random.nextInt(65_536);
        return new Connect(
                version, text(0), random.nextBoolean(), keepAliveSeconds, will, userName, password, properties);
    }

    private Packet connAck() {
        ReasonCode reason = version.isMqtt5() ? reason(ReasonCodes.CONNACK) : returnCode();
        boolean sessionPresent =
                reason == ReasonCode.SUCCESS && version != MqttVersion.MQTT_3_1 && random.nextBoolean();
        return new ConnAck(sessionPresent, reason, withMethod(properties(PropertyRules.CONNACK)));
    }

    private ReasonCode returnCode() {
        ReasonCode reason = ReasonCodes.ofConnectReturnCode(random.nextInt(6));
        if (reason == null) {
            throw new AssertionError("return codes 0 to 5 are known");
        }
        return reason;
    }

    private Packet publish() {
        QoS qos = qos();
        Properties properties = properties(
                receiver == Receiver.SERVER ? PropertyRules.PUBLISH_FROM_CLIENT : PropertyRules.PUBLISH_FROM_SERVER);
        String topic = text(properties.has(Property.TOPIC_ALIAS) ? 0 : 1);
        int packetId = qos == QoS.AT_MOST_ONCE ? 0 : packetId();
        boolean dup = qos != QoS.AT_MOST_ONCE && random.nextBoolean();
        return new Publish(topic, bytes(), qos, dup, random.nextBoolean(), packetId, properties);
    }

    private Packet subscribe() {
        List<Subscribe.Request> requests = new ArrayList<>();
        for (int i = random.nextInt(3); i >= 0; i--) {
            requests.add(request());
        }
        return new Subscribe(packetId(), requests, properties(PropertyRules.SUBSCRIBE));
    }

    private Subscribe.Request request() {
        if (!version.isMqtt5()) {
            return new Subscribe.Request(text(1), qos());
        }
        Subscribe.RetainHandling[] handlings = Subscribe.RetainHandling.values();
        boolean shared = random.nextInt(4) == 0;
        return new Subscribe.Request(
                (shared ? "$share/g/" : "") + text(1),
                qos(),
                !shared && random.nextBoolean(),
                random.nextBoolean(),
                handlings[random.nextInt(handlings.length)]);
    }

    private Packet unsubscribe() {
        List<String> filters = new ArrayList<>();
        for (int i = random.nextInt(3); i >= 0; i--) {
            filters.add(text(1));
        }
        return new Unsubscribe(packetId(), filters, properties(PropertyRules.UNSUBSCRIBE));
    }

    private Packet subAck() {
        List<ReasonCode> reasons = reasons(version.isMqtt5() ? ReasonCodes.SUBACK : ReasonCodes.SUBACK_3);
        return new SubAck(packetId(), reasons, acknowledgement());
    }

    private Packet unsubAck() {
        List<ReasonCode> reasons = version.isMqtt5() ? reasons(ReasonCodes.UNSUBACK) : List.of();
        return new UnsubAck(packetId(), reasons, acknowledgement());
    }

    private Packet disconnect() {
        boolean fromClient = receiver == Receiver.SERVER;
        return new Disconnect(
                reason(fromClient ? ReasonCodes.DISCONNECT_FROM_CLIENT : ReasonCodes.DISCONNECT_FROM_SERVER),
                properties(fromClient ? PropertyRules.DISCONNECT_FROM_CLIENT : PropertyRules.DISCONNECT_FROM_SERVER));
    }

    private Packet auth() {
        boolean fromClient = receiver == Receiver.SERVER;
        Properties properties = properties(PropertyRules.AUTH);
        if (!properties.has(Property.AUTHENTICATION_METHOD)) {
            properties = Properties.builder()
                    .all(properties)
                    .string(Property.AUTHENTICATION_METHOD, text(0))
                    .build();
        }
        return new Auth(reason(fromClient ? ReasonCodes.AUTH_FROM_CLIENT : ReasonCodes.AUTH_FROM_SERVER), properties);
    }

    private Properties withMethod(Properties properties) {
        if (!properties.has(Property.AUTHENTICATION_DATA) || properties.has(Property.AUTHENTICATION_METHOD)) {
            return properties;
        }
        return Properties.builder()
                .string(Property.AUTHENTICATION_METHOD, text(0))
                .all(properties)
                .build();
    }

    private Properties acknowledgement() {
        return properties(PropertyRules.ACKNOWLEDGEMENT);
    }

    Properties properties(PropertyRules rules) {
        Properties.Builder builder = Properties.builder();
        if (!version.isMqtt5() || random.nextInt(3) == 0) {
            return builder.build();
        }
        for (Property property : Property.values()) {
            if (!rules.allows(property) || random.nextBoolean()) {
                continue;
            }
            for (int i = rules.mayRepeat(property) ? random.nextInt(3) : 0; i >= 0; i--) {
                add(builder, property);
            }
        }
        return builder.build();
    }

    private void add(Properties.Builder builder, Property property) {
        switch (property.valueType()) {
            case BYTE -> builder.integer(property, random.nextInt(2));
            case TWO_BYTE_INTEGER -> builder.integer(property, 1 + random.nextInt(65_535));
            case FOUR_BYTE_INTEGER -> builder.integer(property, 1 + random.nextLong(0xFFFF_FFFFL));
            case VARIABLE_BYTE_INTEGER -> builder.integer(property, 1 + random.nextInt(268_435_455));
            case STRING -> builder.string(property, text(property == Property.RESPONSE_TOPIC ? 1 : 0));
            case BINARY -> builder.binary(property, bytes());
            case STRING_PAIR -> builder.user(text(0), text(0));
        }
    }

    private ReasonCode reason(ReasonCodes allowed) {
        if (!version.isMqtt5() && allowed != ReasonCodes.SUBACK_3) {
            return ReasonCode.SUCCESS;
        }
        @Nullable ReasonCode reason = null;
        while (reason == null) {
            reason = allowed.find(random.nextInt(256));
        }
        return reason;
    }

    private List<ReasonCode> reasons(ReasonCodes allowed) {
        List<ReasonCode> reasons = new ArrayList<>();
        for (int i = random.nextInt(3); i >= 0; i--) {
            reasons.add(reason(allowed));
        }
        return reasons;
    }

    private QoS qos() {
        return QoS.of(random.nextInt(3));
    }

    private int packetId() {
        return 1 + random.nextInt(65_535);
    }

    private byte[] bytes() {
        byte[] bytes = new byte[random.nextInt(8) == 0 ? random.nextInt(300) : random.nextInt(6)];
        random.nextBytes(bytes);
        return bytes;
    }

    /// Text without wildcards, at times longer than 127 bytes.
    private String text(int minLength) {
        int length = minLength + (random.nextInt(10) == 0 ? random.nextInt(80) : random.nextInt(8));
        boolean ascii = random.nextBoolean();
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.appendCodePoint(CODE_POINTS[random.nextInt(ascii ? 9 : CODE_POINTS.length)]);
        }
        return text.toString();
    }
}
