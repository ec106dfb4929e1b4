// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.codec.Packet;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.PubAck;
import org.upwell.codec.PubComp;
import org.upwell.codec.PubRec;
import org.upwell.codec.PubRel;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;

/// Hands the server's messages to the listener and acknowledges them in the order of their arrival, when the listener
/// is done with each ([MQTT-4.6.0-2], [MQTT-4.6.0-3]). Owned by the client's event loop.
///
/// An acknowledgement that becomes due after its connection is gone goes nowhere: the server sends the message again.
/// At QoS 2 the packet id tells such a repeat, and the listener does not see it twice.
final class InboundMessages {

    private static final Logger LOG = LoggerFactory.getLogger(InboundMessages.class);

    /// An acknowledgement that is due once the listener is done.
    private record Receipt(int packetId, QoS qos) {}

    /// A QoS 2 message that the listener has, until PUBREL; `connectionNumber` is whose receive quota it uses.
    private record Received(CompletionStage<?> stage, int connectionNumber) {}

    private final ClientOptions options;
    private final InOrder<Receipt> receipts;
    private final IntObjectMap<Received> exactlyOnce = new IntObjectHashMap<>();

    // These live as long as one connection.
    private @Nullable ClientConnection connection;
    private int connectionNumber;
    private int unacknowledged;

    InboundMessages(ClientOptions options, EventExecutor owner) {
        this.options = options;
        this.receipts = new InOrder<>(owner, this::acknowledge);
    }

    void onConnected(ClientConnection connection, boolean sessionPresent) {
        this.connection = connection;
        connectionNumber++;
        unacknowledged = 0;
        if (!sessionPresent) {
            exactlyOnce.clear();
        }
    }

    void onDisconnected() {
        connection = null;
        receipts.clear();
    }

    void onPublish(Publish message) {
        if (message.properties().has(Property.TOPIC_ALIAS)) {
            // [MQTT-3.1.2-27]: our CONNECT never names a topic alias maximum.
            closeFor(ReasonCode.TOPIC_ALIAS_INVALID, "the server sent a topic alias, which we do not take");
            return;
        }
        switch (message.qos()) {
            case AT_MOST_ONCE -> hear(message);
            case AT_LEAST_ONCE -> {
                if (useQuota()) {
                    receipts.add(new Receipt(message.packetId(), message.qos()), hear(message));
                }
            }
            case EXACTLY_ONCE -> onExactlyOnce(message);
        }
    }

    private void onExactlyOnce(Publish message) {
        Received received = exactlyOnce.get(message.packetId());
        boolean usesQuota = received == null || received.connectionNumber != connectionNumber;
        if (usesQuota && !useQuota()) {
            return;
        }
        // [MQTT-4.3.3-10]: a repeat is acknowledged again and not handed on again.
        CompletionStage<?> stage = received == null ? hear(message) : received.stage;
        exactlyOnce.put(message.packetId(), new Received(stage, connectionNumber));
        receipts.add(new Receipt(message.packetId(), message.qos()), stage);
    }

    private CompletionStage<?> hear(Publish message) {
        try {
            CompletionStage<?> stage = options.messageListener().onMessage(message);
            if (message.qos() == QoS.AT_MOST_ONCE && !stage.equals(MessageListener.DONE)) {
                stage.exceptionally(fault -> {
                    LOG.debug("the listener refused a message at QoS 0", fault);
                    return null;
                });
            }
            return stage;
        } catch (RuntimeException e) {
            LOG.warn("the message listener failed", e);
            return CompletableFuture.failedFuture(e);
        }
    }

    private void acknowledge(Receipt receipt, @Nullable Throwable fault) {
        ClientConnection to = connection;
        if (to == null) {
            return;
        }
        if (fault != null) {
            refuse(to, receipt, fault);
        } else if (receipt.qos == QoS.AT_LEAST_ONCE) {
            unacknowledged--;
            to.send(new PubAck(receipt.packetId));
        } else {
            to.send(new PubRec(receipt.packetId));
        }
    }

    private void refuse(ClientConnection to, Receipt receipt, Throwable fault) {
        if (receipt.qos == QoS.EXACTLY_ONCE) {
            exactlyOnce.remove(receipt.packetId);
        }
        if (!options.version().isMqtt5()) {
            // 3.x has no word for it: the message stays unacknowledged and comes again on the next connection.
            to.close(
                    new MqttException(
                            MqttException.Kind.CONNECTION_LOST,
                            ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR,
                            "the message listener refused a message",
                            fault),
                    null);
            return;
        }
        unacknowledged--;
        ReasonCode reason = reasonOf(fault);
        Packet packet = receipt.qos == QoS.AT_LEAST_ONCE
                ? new PubAck(receipt.packetId, reason, Properties.NONE)
                : new PubRec(receipt.packetId, reason, Properties.NONE);
        to.send(packet);
    }

    /// A reason that PUBACK and PUBREC may carry ([MQTT-3.4.2-1], [MQTT-3.5.2-1]).
    private static ReasonCode reasonOf(Throwable fault) {
        ReasonCode named = fault instanceof MqttException mqtt ? mqtt.reason() : ReasonCode.UNSPECIFIED_ERROR;
        return switch (named) {
            case UNSPECIFIED_ERROR, NOT_AUTHORIZED, TOPIC_NAME_INVALID, QUOTA_EXCEEDED, PAYLOAD_FORMAT_INVALID -> named;
            default -> ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR;
        };
    }

    void onPubRel(PubRel rel) {
        ClientConnection to = connection;
        if (to == null) {
            return;
        }
        Received received = exactlyOnce.remove(rel.packetId());
        if (received == null) {
            to.send(new PubComp(rel.packetId(), ReasonCode.PACKET_IDENTIFIER_NOT_FOUND, Properties.NONE));
            return;
        }
        if (received.connectionNumber == connectionNumber) {
            unacknowledged--;
        }
        to.send(new PubComp(rel.packetId()));
    }

    /// False, and the connection ends, if the server exceeds what we announced ([MQTT-3.3.4-9]).
    private boolean useQuota() {
        if (options.version().isMqtt5() && unacknowledged == options.receiveMaximum()) {
            closeFor(
                    ReasonCode.RECEIVE_MAXIMUM_EXCEEDED,
                    "the server sent more than the receive maximum of " + options.receiveMaximum());
            return false;
        }
        unacknowledged++;
        return true;
    }

    private void closeFor(ReasonCode reason, String fault) {
        if (connection != null) {
            connection.close(MqttException.protocol(reason, fault), reason);
        }
    }
}
