// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import java.nio.charset.StandardCharsets;
import java.time.Duration;

/// Bounds of the MQTT edge, the same for all listeners.
///
/// @param maxPacketBytes largest packet taken from an admitted client; announced to MQTT 5 clients
/// @param maxPacketBytesBeforeConnect largest CONNECT
/// @param maxUnadmittedBytes what CONNECT packets of clients that are not admitted yet may take together, beyond a
///     little of each
/// @param receiveMaximum unacknowledged QoS 1 and 2 PUBLISH packets that a client may have open, 1 to 65535
/// @param sendWindow3x the same towards clients that cannot say it themselves
/// @param maxSendQuota most unacknowledged PUBLISH packets towards an MQTT 5 client, whatever it allows
/// @param topicAliasMaximum topic aliases that a client may use towards us
/// @param maxOutboundTopicAliases topic aliases that we use towards a client that allows as many; 0 for none
/// @param maxTopicLevels levels of a topic name or filter
/// @param maxTopicBytes length of a topic name or filter in UTF-8 bytes
/// @param maxKeepAliveSeconds greatest keep-alive of an MQTT 5 client, told to it when it asks for more
/// @param maxSessionExpirySeconds greatest session expiry; also that of persistent 3.x sessions
/// @param connectTimeout from accept to CONNECT
/// @param lateAnswerTimeout how long a CONNECT, or what a client sent before it was gone, waits for late answers
/// @param maxUnsentAnswerBytes unwritten bytes beyond the water mark at which a client that sends and does not read
///     is no longer read from
/// @param checkPayloadFormat true to refuse a payload that is said to be UTF-8 and is not (0x99)
public record MqttLimits(
        int maxPacketBytes,
        int maxPacketBytesBeforeConnect,
        long maxUnadmittedBytes,
        int receiveMaximum,
        int sendWindow3x,
        int maxSendQuota,
        int topicAliasMaximum,
        int maxOutboundTopicAliases,
        int maxTopicLevels,
        int maxTopicBytes,
        int maxKeepAliveSeconds,
        long maxSessionExpirySeconds,
        Duration connectTimeout,
        Duration lateAnswerTimeout,
        long maxUnsentAnswerBytes,
        boolean checkPayloadFormat) {

    private static final int UNADMITTED_SHARE_OF_HEAP = 32;
    private static final int ALIASED_NAME_BYTES = 256;

    public static final MqttLimits DEFAULT = new MqttLimits(
            1 << 20,
            // The longest CONNECT of 3.1.1: five fields of 65,535 bytes.
            330 << 10,
            Math.max(4L << 20, Runtime.getRuntime().maxMemory() / UNADMITTED_SHARE_OF_HEAP),
            100,
            500,
            1_000,
            32,
            10,
            200,
            65_535,
            3600,
            Duration.ofDays(7).toSeconds(),
            Duration.ofSeconds(10),
            Duration.ofSeconds(60),
            1 << 20,
            false);

    /// The same with these of an operator's.
    public MqttLimits with(int topicAliases, int topicLevels, boolean checksPayloadFormat) {
        return new MqttLimits(
                maxPacketBytes,
                maxPacketBytesBeforeConnect,
                maxUnadmittedBytes,
                receiveMaximum,
                sendWindow3x,
                maxSendQuota,
                topicAliases,
                maxOutboundTopicAliases,
                topicLevels,
                maxTopicBytes,
                maxKeepAliveSeconds,
                maxSessionExpirySeconds,
                connectTimeout,
                lateAnswerTimeout,
                maxUnsentAnswerBytes,
                checksPayloadFormat);
    }

    /// UTF-8 bytes of the topic names that one client's aliases may stand for together: any one name that is
    /// allowed at all, and names of a good length for all aliases.
    long topicAliasBytes() {
        return Math.max(maxTopicBytes, (long) topicAliasMaximum * ALIASED_NAME_BYTES);
    }

    /// True if a topic name or filter has more UTF-8 bytes than allowed. No character has more than three.
    boolean isTooLong(String topic) {
        return topic.length() > maxTopicBytes / 3 && topic.getBytes(StandardCharsets.UTF_8).length > maxTopicBytes;
    }
}
