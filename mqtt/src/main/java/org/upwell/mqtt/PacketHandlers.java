// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import java.util.List;
import org.upwell.broker.session.Session;
import org.upwell.codec.Auth;
import org.upwell.codec.Disconnect;
import org.upwell.codec.Packet;
import org.upwell.codec.PingReq;
import org.upwell.codec.PingResp;
import org.upwell.codec.PubAck;
import org.upwell.codec.PubComp;
import org.upwell.codec.PubRec;
import org.upwell.codec.PubRel;
import org.upwell.codec.Publish;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.Subscribe;
import org.upwell.codec.Unsubscribe;
import org.upwell.mqtt.hook.Interceptor;
import org.upwell.mqtt.hook.Verdict;

/// Leads the packets of an admitted client through the interceptors to their handlers, from CONNACK to the end of
/// the connection. Owned by the connection's event loop.
final class PacketHandlers {

    private final MqttConnection connection;
    private final OutboundLine line;
    private final HookRunner hookRunner;
    private final InboundTopics topics;
    private final InboundPublishes inbound;
    private final OutboundPublishes outbound;
    private final SubscribeHandler subscribes;
    private final Reauthentication reauthentication;

    PacketHandlers(
            MqttConnection connection,
            OutboundLine line,
            Session session,
            int sendQuota,
            Reauthentication reauthentication) {
        this.connection = connection;
        this.line = line;
        this.hookRunner = connection.hookRunner();
        this.topics = new InboundTopics(connection);
        this.inbound = new InboundPublishes(connection, line, session, topics);
        this.outbound = new OutboundPublishes(connection, line, session, sendQuota);
        this.subscribes = new SubscribeHandler(connection, line, session);
        this.reauthentication = reauthentication;
    }

    OutboundPublishes outbound() {
        return outbound;
    }

    /// The connection ended.
    void close() {
        inbound.close();
        outbound.close();
        reauthentication.close();
    }

    void onPacket(Packet received) {
        // Before the interceptors, which are to see the topic name, and whatever they say: the client goes on to use
        // the alias that it defined.
        Packet packet = received instanceof Publish publish ? topics.named(publish) : received;
        if (packet == null || isMisnamed(packet)) {
            return;
        }
        List<Interceptor> chain = hookRunner.hooks().inbound(packet.type());
        if (chain == null) {
            dispatch(packet);
            return;
        }
        connection.hold();
        hookRunner.intercept(chain, packet, verdict -> {
            if (connection.isOpen()) {
                intercepted(packet, verdict);
            }
            connection.release();
        });
    }

    private void intercepted(Packet packet, Verdict verdict) {
        switch (verdict) {
            case Verdict.Pass pass -> {
                if (!isMisnamed(pass.packet())) {
                    dispatch(pass.packet());
                }
            }
            case Verdict.Prevent prevent -> {
                if (packet instanceof Publish publish) {
                    inbound.onPrevented(publish, prevent.reason());
                }
            }
        }
    }

    /// True if it is a PUBLISH to what nobody may publish to, which then is seen to.
    private boolean isMisnamed(Packet packet) {
        if (!(packet instanceof Publish publish)) {
            return false;
        }
        String fault = topics.faultOf(publish.topic());
        if (fault != null) {
            inbound.onMisnamed(publish, fault);
        }
        return fault != null;
    }

    private void dispatch(Packet packet) {
        switch (packet) {
            case Publish publish -> inbound.onPublish(publish);
            case PubAck ack -> outbound.onPubAck(ack.packetId());
            case PubRec rec -> outbound.onPubRec(rec);
            case PubRel rel -> inbound.onPubRel(rel);
            case PubComp comp -> outbound.onPubComp(comp);
            case Subscribe subscribe -> subscribes.onSubscribe(subscribe);
            case Unsubscribe unsubscribe -> subscribes.onUnsubscribe(unsubscribe);
            case PingReq ping -> line.send(PingResp.INSTANCE);
            case Disconnect disconnect -> connection.onDisconnect(disconnect);
            case Auth auth -> reauthentication.onAuth(auth);
            // [MQTT-3.1.0-2]
            default -> connection.disconnect(ReasonCode.PROTOCOL_ERROR, "unexpected " + packet.type());
        }
    }
}
