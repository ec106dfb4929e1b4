// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import java.time.Duration;

/// The default limits with some of them changed.
final class TestLimits {

    private static final MqttLimits ALL = MqttLimits.DEFAULT;

    private long maxUnadmittedBytes = ALL.maxUnadmittedBytes();
    private int receiveMaximum = ALL.receiveMaximum();
    private int maxOutboundTopicAliases = ALL.maxOutboundTopicAliases();
    private int maxKeepAliveSeconds = ALL.maxKeepAliveSeconds();
    private Duration connectTimeout = ALL.connectTimeout();
    private Duration lateAnswerTimeout = ALL.lateAnswerTimeout();
    private long maxUnsentAnswerBytes = ALL.maxUnsentAnswerBytes();
    private boolean checkPayloadFormat = ALL.checkPayloadFormat();

    TestLimits maxUnadmittedBytes(long value) {
        maxUnadmittedBytes = value;
        return this;
    }

    TestLimits receiveMaximum(int value) {
        receiveMaximum = value;
        return this;
    }

    TestLimits maxOutboundTopicAliases(int value) {
        maxOutboundTopicAliases = value;
        return this;
    }

    TestLimits maxKeepAliveSeconds(int value) {
        maxKeepAliveSeconds = value;
        return this;
    }

    TestLimits connectTimeout(Duration value) {
        connectTimeout = value;
        return this;
    }

    TestLimits lateAnswerTimeout(Duration value) {
        lateAnswerTimeout = value;
        return this;
    }

    TestLimits maxUnsentAnswerBytes(long value) {
        maxUnsentAnswerBytes = value;
        return this;
    }

    TestLimits checkPayloadFormat(boolean value) {
        checkPayloadFormat = value;
        return this;
    }

    MqttLimits build() {
        return new MqttLimits(
                ALL.maxPacketBytes(),
                ALL.maxPacketBytesBeforeConnect(),
                maxUnadmittedBytes,
                receiveMaximum,
                ALL.sendWindow3x(),
                ALL.maxSendQuota(),
                ALL.topicAliasMaximum(),
                maxOutboundTopicAliases,
                ALL.maxTopicLevels(),
                ALL.maxTopicBytes(),
                maxKeepAliveSeconds,
                ALL.maxSessionExpirySeconds(),
                connectTimeout,
                lateAnswerTimeout,
                maxUnsentAnswerBytes,
                checkPayloadFormat);
    }
}
