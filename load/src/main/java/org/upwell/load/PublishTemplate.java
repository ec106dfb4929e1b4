// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.PacketEncoder;
import org.upwell.codec.Properties;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;

/// A PUBLISH that is encoded once by the codec; of each copy only packet id, stamp and digits of the topic are
/// written. For one thread.
final class PublishTemplate {
    /// Stands in a topic for eight digits that each message may have its own of.
    static final String DIGITS = "########";

    private final byte[] bytes;
    private final int packetIdAt;
    private final int payloadAt;
    private final int[] digitsAt;

    PublishTemplate(String topic, QoS qos, boolean retain, int payloadBytes, MqttVersion version) {
        byte[] payload = new byte[payloadBytes];
        for (int i = 0; i < payloadBytes; i++) {
            payload[i] = (byte) ('a' + i % 26);
        }
        int packetId = qos == QoS.AT_MOST_ONCE ? 0 : 1;
        Publish publish = new Publish(topic.replace('#', '0'), payload, qos, false, retain, packetId, Properties.NONE);
        ByteBuf out = Unpooled.buffer();
        PacketEncoder.encode(publish, version, out);
        this.bytes = new byte[out.readableBytes()];
        out.readBytes(bytes);
        this.payloadAt = bytes.length - payloadBytes;
        this.packetIdAt = qos == QoS.AT_MOST_ONCE ? -1 : payloadAt - (version.isMqtt5() ? 1 : 0) - 2;
        this.digitsAt = digits(topic, topicEnd(topic, version, qos) - topic.length());
        if (payloadBytes >= Stamp.BYTES) {
            ByteBuf view = Unpooled.wrappedBuffer(bytes);
            view.setInt(payloadAt, Stamp.MARK);
        }
    }

    /// Where the topic ends: before packet id and properties.
    private int topicEnd(String topic, MqttVersion version, QoS qos) {
        if (topic.length() != topic.getBytes(StandardCharsets.UTF_8).length) {
            throw new IllegalArgumentException("a topic for load has ASCII characters only");
        }
        return payloadAt - (version.isMqtt5() ? 1 : 0) - (qos == QoS.AT_MOST_ONCE ? 0 : 2);
    }

    private static int[] digits(String topic, int topicAt) {
        int[] found = new int[topic.length() / DIGITS.length()];
        int count = 0;
        for (int at = topic.indexOf(DIGITS); at >= 0; at = topic.indexOf(DIGITS, at + DIGITS.length())) {
            found[count++] = topicAt + at;
        }
        return Arrays.copyOf(found, count);
    }

    int length() {
        return bytes.length;
    }

    /// Appends a copy.
    ///
    /// @param packetId of no effect at QoS 0
    /// @return where in `out` the copy begins
    int append(ByteBuf out, int packetId, int stream, long sequence, long nanos) {
        int start = out.writerIndex();
        out.writeBytes(bytes);
        if (packetIdAt >= 0) {
            out.setShort(start + packetIdAt, packetId);
        }
        if (bytes.length - payloadAt >= Stamp.BYTES) {
            int at = start + payloadAt;
            out.setInt(at + Stamp.STREAM_AT, stream);
            out.setLong(at + Stamp.SEQUENCE_AT, sequence);
            out.setLong(at + Stamp.NANOS_AT, nanos);
        }
        return start;
    }

    /// Writes a number in place of the topic's digits, the first being number 0.
    void digits(ByteBuf out, int start, int which, int number) {
        int rest = number;
        int first = start + digitsAt[which];
        for (int at = first + DIGITS.length() - 1; at >= first; at--) {
            out.setByte(at, '0' + rest % 10);
            rest /= 10;
        }
    }
}
