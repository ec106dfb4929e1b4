// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every property in every place that can carry properties, against table 2-4 of the specification written down once
/// more, from the side of the property.
class PropertyRulesTest {

    private static EnumSet<PropertyRules> placesOf(Property property) {
        return switch (property) {
            case PAYLOAD_FORMAT_INDICATOR, MESSAGE_EXPIRY_INTERVAL, CONTENT_TYPE, RESPONSE_TOPIC, CORRELATION_DATA ->
                EnumSet.of(PropertyRules.PUBLISH_FROM_CLIENT, PropertyRules.PUBLISH_FROM_SERVER, PropertyRules.WILL);
            case SUBSCRIPTION_IDENTIFIER -> EnumSet.of(PropertyRules.PUBLISH_FROM_SERVER, PropertyRules.SUBSCRIBE);
            case SESSION_EXPIRY_INTERVAL ->
                EnumSet.of(PropertyRules.CONNECT, PropertyRules.CONNACK, PropertyRules.DISCONNECT_FROM_CLIENT);
            case AUTHENTICATION_METHOD, AUTHENTICATION_DATA ->
                EnumSet.of(PropertyRules.CONNECT, PropertyRules.CONNACK, PropertyRules.AUTH);
            case REQUEST_PROBLEM_INFORMATION, REQUEST_RESPONSE_INFORMATION -> EnumSet.of(PropertyRules.CONNECT);
            case WILL_DELAY_INTERVAL -> EnumSet.of(PropertyRules.WILL);
            case SERVER_REFERENCE -> EnumSet.of(PropertyRules.CONNACK, PropertyRules.DISCONNECT_FROM_SERVER);
            case REASON_STRING ->
                EnumSet.of(
                        PropertyRules.CONNACK,
                        PropertyRules.ACKNOWLEDGEMENT,
                        PropertyRules.DISCONNECT_FROM_CLIENT,
                        PropertyRules.DISCONNECT_FROM_SERVER,
                        PropertyRules.AUTH);
            case RECEIVE_MAXIMUM, TOPIC_ALIAS_MAXIMUM, MAXIMUM_PACKET_SIZE ->
                EnumSet.of(PropertyRules.CONNECT, PropertyRules.CONNACK);
            case TOPIC_ALIAS -> EnumSet.of(PropertyRules.PUBLISH_FROM_CLIENT, PropertyRules.PUBLISH_FROM_SERVER);
            case USER_PROPERTY -> EnumSet.allOf(PropertyRules.class);
            case ASSIGNED_CLIENT_IDENTIFIER,
                    SERVER_KEEP_ALIVE,
                    RESPONSE_INFORMATION,
                    MAXIMUM_QOS,
                    RETAIN_AVAILABLE,
                    WILDCARD_SUBSCRIPTION_AVAILABLE,
                    SUBSCRIPTION_IDENTIFIER_AVAILABLE,
                    SHARED_SUBSCRIPTION_AVAILABLE -> EnumSet.of(PropertyRules.CONNACK);
        };
    }

    private static Properties one(Property property) {
        Properties.Builder builder = Properties.builder();
        return switch (property.valueType()) {
            case BYTE, TWO_BYTE_INTEGER, FOUR_BYTE_INTEGER, VARIABLE_BYTE_INTEGER ->
                builder.integer(property, 1).build();
            case STRING -> builder.string(property, "text").build();
            case BINARY -> builder.binary(property, new byte[] {1}).build();
            case STRING_PAIR -> builder.user("name", "value").build();
        };
    }

    private static Properties decode(Properties written, PropertyRules rules) throws DecodeException {
        ByteBuf in = Unpooled.buffer();
        PropertiesEncoder.write(in, written);
        assertThat(in.readableBytes()).isEqualTo(PropertiesEncoder.bytesWithLength(written));
        PacketReader reader = new PacketReader();
        reader.context(MqttVersion.MQTT_5, true);
        reader.begin(in, in.readableBytes(), PacketType.CONNECT, 0);
        Properties read = reader.properties(rules);
        reader.finish();
        return read;
    }

    @ParameterizedTest
    @EnumSource
    void isReadWhereTheSpecificationAllowsItAndNowhereElse(Property property) throws DecodeException {
        for (PropertyRules rules : PropertyRules.values()) {
            if (placesOf(property).contains(rules)) {
                assertThat(decode(one(property), rules)).isEqualTo(one(property));
            } else {
                assertThatThrownBy(() -> decode(one(property), rules))
                        .as("%s in %s", property, rules)
                        .isInstanceOf(DecodeException.class)
                        .hasMessageContaining(property + ": is not allowed");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void repeatsOnlyWhereTheSpecificationAllowsIt(Property property) throws DecodeException {
        Properties twice =
                Properties.builder().all(one(property)).all(one(property)).build();
        for (PropertyRules rules : placesOf(property)) {
            boolean mayRepeat = property == Property.USER_PROPERTY
                    || (property == Property.SUBSCRIPTION_IDENTIFIER && rules == PropertyRules.PUBLISH_FROM_SERVER);
            if (mayRepeat) {
                assertThat(decode(twice, rules)).isEqualTo(twice);
            } else {
                DecodeException e = catchThrowableOfType(DecodeException.class, () -> decode(twice, rules));
                assertThat(e).hasMessageContaining(property + ": appears more than once");
                assertThat(e.reason()).isEqualTo(ReasonCode.PROTOCOL_ERROR);
            }
        }
    }

    @Test
    void theBuilderRefusesTheValuesThatTheDecoderRefuses() {
        Properties.Builder builder = Properties.builder();

        assertThatIllegalArgumentException().isThrownBy(() -> builder.integer(Property.RECEIVE_MAXIMUM, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.integer(Property.RECEIVE_MAXIMUM, 65536));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.integer(Property.MAXIMUM_QOS, 2));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.integer(Property.WILL_DELAY_INTERVAL, 1L << 32));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.integer(Property.SUBSCRIPTION_IDENTIFIER, 268_435_456));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.integer(Property.CONTENT_TYPE, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.string(Property.TOPIC_ALIAS, "1"));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.binary(Property.CONTENT_TYPE, new byte[0]));
        assertThat(builder.build()).isSameAs(Properties.NONE);
    }

    @Test
    void keepsManyUserPropertiesInOrder() throws DecodeException {
        Properties.Builder builder = Properties.builder();
        for (int i = 0; i < 1000; i++) {
            builder.user("k" + i % 7, Integer.toString(i));
        }
        Properties many = builder.build();

        // [MQTT-3.3.2-18]
        assertThat(decode(many, PropertyRules.PUBLISH_FROM_CLIENT)).isEqualTo(many);
        assertThat(many.userProperties()).hasSize(1000).element(999).isEqualTo(new UserProperty("k5", "999"));
        assertThat(many.userProperty("k5")).as("the first").isEqualTo("5");
        assertThat(many.userProperty("k7")).isNull();
    }
}
