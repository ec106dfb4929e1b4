// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.topic;

/// One subscription of one subscriber. Immutable: subscribing again to the same filter replaces it
/// ([MQTT-3.8.4-3]).
///
/// @param <S> the subscriber; compared by identity
/// @param qos 0 to 2, the greatest QoS the subscriber wants
/// @param identifier subscription identifier, 1 to 268,435,455, or 0 for none
public record Subscription<S>(
        S subscriber, TopicFilter filter, int qos, boolean noLocal, boolean retainAsPublished, int identifier)
        implements Subscribers<S> {}
