// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.mqtt.MqttConnAckVariableHeader;
import io.netty.handler.codec.mqtt.MqttConnectPayload;
import io.netty.handler.codec.mqtt.MqttConnectVariableHeader;
import io.netty.handler.codec.mqtt.MqttFixedHeader;
import io.netty.handler.codec.mqtt.MqttMessage;
import io.netty.handler.codec.mqtt.MqttMessageIdAndPropertiesVariableHeader;
import io.netty.handler.codec.mqtt.MqttMessageIdVariableHeader;
import io.netty.handler.codec.mqtt.MqttProperties;
import io.netty.handler.codec.mqtt.MqttPubReplyMessageVariableHeader;
import io.netty.handler.codec.mqtt.MqttPublishVariableHeader;
import io.netty.handler.codec.mqtt.MqttReasonCodeAndPropertiesVariableHeader;
import io.netty.handler.codec.mqtt.MqttSubAckPayload;
import io.netty.handler.codec.mqtt.MqttSubscribePayload;
import io.netty.handler.codec.mqtt.MqttTopicSubscription;
import io.netty.handler.codec.mqtt.MqttUnsubAckPayload;
import io.netty.handler.codec.mqtt.MqttUnsubscribePayload;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Puts what Netty's MQTT decoder read into our packets, so that the two can be compared.
final class NettyPackets {

    private NettyPackets() {}

    static Packet toOurs(MqttMessage message, MqttVersion version) {
        MqttFixedHeader header = message.fixedHeader();
        Object variable = message.variableHeader();
        return switch (header.messageType()) {
            case CONNECT ->
                connect((MqttConnectVariableHeader) variable, (MqttConnectPayload) message.payload(), version);
            case CONNACK -> connAck((MqttConnAckVariableHeader) variable, version);
            case PUBLISH -> publish(header, (MqttPublishVariableHeader) variable, (ByteBuf) message.payload());
            case PUBACK -> new PubAck(packetId(variable), reason(variable), properties(variable));
            case PUBREC -> new PubRec(packetId(variable), reason(variable), properties(variable));
            case PUBREL -> new PubRel(packetId(variable), reason(variable), properties(variable));
            case PUBCOMP -> new PubComp(packetId(variable), reason(variable), properties(variable));
            case SUBSCRIBE ->
                new Subscribe(
                        packetId(variable),
                        ((MqttSubscribePayload) message.payload())
                                .topicSubscriptions().stream()
                                        .map(NettyPackets::request)
                                        .toList(),
                        properties(variable));
            case SUBACK ->
                new SubAck(
                        packetId(variable),
                        ((MqttSubAckPayload) message.payload())
                                .reasonCodes().stream().map(NettyPackets::named).toList(),
                        properties(variable));
            case UNSUBSCRIBE ->
                new Unsubscribe(
                        packetId(variable),
                        ((MqttUnsubscribePayload) message.payload()).topics(),
                        properties(variable));
            case UNSUBACK -> new UnsubAck(packetId(variable), unsubAckReasons(message, version), properties(variable));
            case PINGREQ -> PingReq.INSTANCE;
            case PINGRESP -> PingResp.INSTANCE;
            case DISCONNECT -> new Disconnect(reason(variable), properties(variable));
            case AUTH -> new Auth(reason(variable), properties(variable));
        };
    }

    private static Connect connect(MqttConnectVariableHeader header, MqttConnectPayload payload, MqttVersion version) {
        Connect.Will will = !header.isWillFlag()
                ? null
                : new Connect.Will(
                        payload.willTopic(),
                        payload.willMessageInBytes(),
                        QoS.of(header.willQos()),
                        header.isWillRetain(),
                        toOurs(payload.willProperties()));
        if (header.version() != version.level() || !header.name().equals(version.protocolName())) {
            throw new AssertionError("another version: " + header);
        }
        return new Connect(
                version,
                payload.clientIdentifier(),
                header.isCleanSession(),
                header.keepAliveTimeSeconds(),
                will,
                header.hasUserName() ? payload.userName() : null,
                header.hasPassword() ? payload.passwordInBytes() : null,
                toOurs(header.properties()));
    }

    private static ConnAck connAck(MqttConnAckVariableHeader header, MqttVersion version) {
        int code = header.connectReturnCode().byteValue() & 0xFF;
        ReasonCode reason = version.isMqtt5() ? named(code) : ReasonCodes.ofConnectReturnCode(code);
        if (reason == null) {
            throw new AssertionError("unknown return code " + code);
        }
        return new ConnAck(header.isSessionPresent(), reason, toOurs(header.properties()));
    }

    private static Publish publish(MqttFixedHeader fixed, MqttPublishVariableHeader header, ByteBuf payload) {
        QoS qos = QoS.of(fixed.qosLevel().value());
        try {
            return new Publish(
                    header.topicName(),
                    ByteBufUtil.getBytes(payload),
                    qos,
                    fixed.isDup(),
                    fixed.isRetain(),
                    qos == QoS.AT_MOST_ONCE ? 0 : header.packetId(),
                    toOurs(header.properties()));
        } finally {
            payload.release();
        }
    }

    private static Subscribe.Request request(MqttTopicSubscription subscription) {
        return new Subscribe.Request(
                subscription.topicFilter(),
                QoS.of(subscription.qualityOfService().value()),
                subscription.option().isNoLocal(),
                subscription.option().isRetainAsPublished(),
                switch (subscription.option().retainHandling()) {
                    case SEND_AT_SUBSCRIBE -> Subscribe.RetainHandling.SEND;
                    case SEND_AT_SUBSCRIBE_IF_NOT_YET_EXISTS -> Subscribe.RetainHandling.SEND_IF_NEW;
                    case DONT_SEND_AT_SUBSCRIBE -> Subscribe.RetainHandling.DO_NOT_SEND;
                });
    }

    private static List<ReasonCode> unsubAckReasons(MqttMessage message, MqttVersion version) {
        return version.isMqtt5()
                ? ((MqttUnsubAckPayload) message.payload())
                        .unsubscribeReasonCodes().stream()
                                .map(code -> named(code & 0xFF))
                                .toList()
                : List.of();
    }

    private static int packetId(Object variable) {
        return ((MqttMessageIdVariableHeader) variable).messageId();
    }

    private static ReasonCode reason(@Nullable Object variable) {
        return switch (variable) {
            case MqttPubReplyMessageVariableHeader header -> named(header.reasonCode() & 0xFF);
            case MqttReasonCodeAndPropertiesVariableHeader header -> named(header.reasonCode() & 0xFF);
            case null, default -> ReasonCode.SUCCESS;
        };
    }

    private static ReasonCode named(int code) {
        ReasonCode reason = ReasonCode.of(code);
        if (reason == null) {
            throw new AssertionError("unknown reason code " + code);
        }
        return reason;
    }

    private static Properties properties(@Nullable Object variable) {
        return switch (variable) {
            case MqttPubReplyMessageVariableHeader header -> toOurs(header.properties());
            case MqttReasonCodeAndPropertiesVariableHeader header -> toOurs(header.properties());
            case MqttMessageIdAndPropertiesVariableHeader header -> toOurs(header.properties());
            case null, default -> Properties.NONE;
        };
    }

    /// In the order of the identifiers, since Netty keeps none: see [#sorted].
    private static Properties toOurs(MqttProperties theirs) {
        Properties.Builder builder = Properties.builder();
        for (Property property : Property.values()) {
            for (MqttProperties.MqttProperty<?> value : theirs.getProperties(property.id())) {
                add(builder, property, value);
            }
        }
        return builder.build();
    }

    private static void add(Properties.Builder builder, Property property, MqttProperties.MqttProperty<?> theirs) {
        switch (theirs.value()) {
            case Integer value -> builder.integer(property, Integer.toUnsignedLong(value));
            case String value -> builder.string(property, value);
            case byte[] value -> builder.binary(property, value);
            case MqttProperties.StringPair pair -> builder.user(pair.key, pair.value);
            default -> throw new AssertionError(property + " as " + theirs.value());
        }
    }

    /// The same packet with all properties in the order of their identifiers, equal ones in the order they had.
    static Packet sorted(Packet packet) {
        return switch (packet) {
            case Connect p ->
                new Connect(
                        p.version(),
                        p.clientId(),
                        p.cleanStart(),
                        p.keepAliveSeconds(),
                        sorted(p.will()),
                        p.userName(),
                        p.password(),
                        sorted(p.properties()));
            case ConnAck p -> new ConnAck(p.sessionPresent(), p.reason(), sorted(p.properties()));
            case Publish p ->
                new Publish(p.topic(), p.payload(), p.qos(), p.dup(), p.retain(), p.packetId(), sorted(p.properties()));
            case PubAck p -> new PubAck(p.packetId(), p.reason(), sorted(p.properties()));
            case PubRec p -> new PubRec(p.packetId(), p.reason(), sorted(p.properties()));
            case PubRel p -> new PubRel(p.packetId(), p.reason(), sorted(p.properties()));
            case PubComp p -> new PubComp(p.packetId(), p.reason(), sorted(p.properties()));
            case Subscribe p -> new Subscribe(p.packetId(), p.requests(), sorted(p.properties()));
            case SubAck p -> new SubAck(p.packetId(), p.reasons(), sorted(p.properties()));
            case Unsubscribe p -> new Unsubscribe(p.packetId(), p.filters(), sorted(p.properties()));
            case UnsubAck p -> new UnsubAck(p.packetId(), p.reasons(), sorted(p.properties()));
            case Disconnect p -> new Disconnect(p.reason(), sorted(p.properties()));
            case Auth p -> new Auth(p.reason(), sorted(p.properties()));
            case PingReq p -> p;
            case PingResp p -> p;
        };
    }

    private static Connect.@Nullable Will sorted(Connect.@Nullable Will will) {
        return will == null
                ? null
                : new Connect.Will(will.topic(), will.payload(), will.qos(), will.retain(), sorted(will.properties()));
    }

    private static Properties sorted(Properties properties) {
        Properties.Builder builder = Properties.builder();
        for (Property property : Property.values()) {
            for (int i = 0; i < properties.size(); i++) {
                if (properties.key(i) == property) {
                    switch (properties.value(i)) {
                        case Long value -> builder.integer(property, value);
                        case String value -> builder.string(property, value);
                        case byte[] value -> builder.binary(property, value);
                        case UserProperty pair -> builder.user(pair.name(), pair.value());
                        default -> throw new AssertionError(property);
                    }
                }
            }
        }
        return builder.build();
    }
}
