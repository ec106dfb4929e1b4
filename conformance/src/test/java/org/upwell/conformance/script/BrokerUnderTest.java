// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance.script;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import org.upwell.broker.Broker;
import org.upwell.broker.access.Authentication;
import org.upwell.broker.access.Authenticator;
import org.upwell.broker.access.Credentials;
import org.upwell.broker.access.Permissions;
import org.upwell.broker.access.Principal;
import org.upwell.broker.access.RefusalCause;
import org.upwell.broker.event.BrokerEvents;
import org.upwell.broker.session.SessionLimits;
import org.upwell.broker.store.Store;
import org.upwell.broker.topic.TopicFilter;
import org.upwell.mqtt.ListenerConfig;
import org.upwell.mqtt.MqttLimits;
import org.upwell.mqtt.MqttServer;

/// A broker on a free loopback port, with a clock that scripts move and one event loop, so that what one client
/// caused is on its way to another before the first is answered.
///
/// Logins: without user name and password, or anybody with password `secret`. User `nobody` is granted nothing, and
/// nobody is granted what begins with `denied/`.
final class BrokerUnderTest implements AutoCloseable {

    private static final String LISTENER = "script";

    private final Broker broker;
    private final MqttServer server;
    private final ManualClock clock = new ManualClock();

    BrokerUnderTest(Store store, Map<String, Integer> limits) throws IOException {
        SessionLimits usual = SessionLimits.DEFAULT;
        SessionLimits sessions = new SessionLimits(
                limits.getOrDefault("queue", usual.queueMessages()),
                usual.queueBytes(),
                usual.overflow(),
                usual.qos0Bytes());
        broker = new Broker(new Broker.Parts(
                store, new Logins(), BrokerUnderTest::permissions, principal -> sessions, BrokerEvents.NONE, clock));
        server = new MqttServer(broker, limits(limits), 1);
        server.start(List.of(
                new ListenerConfig(LISTENER, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), null)));
    }

    private static MqttLimits limits(Map<String, Integer> changed) {
        MqttLimits usual = MqttLimits.DEFAULT;
        return new MqttLimits(
                changed.getOrDefault("max-packet", usual.maxPacketBytes()),
                changed.getOrDefault("max-connect", usual.maxPacketBytesBeforeConnect()),
                usual.maxUnadmittedBytes(),
                changed.getOrDefault("receive-maximum", usual.receiveMaximum()),
                changed.getOrDefault("send-window", usual.sendWindow3x()),
                usual.maxSendQuota(),
                changed.getOrDefault("alias-maximum", usual.topicAliasMaximum()),
                changed.getOrDefault("own-aliases", usual.maxOutboundTopicAliases()),
                changed.getOrDefault("levels", usual.maxTopicLevels()),
                changed.getOrDefault("topic-bytes", usual.maxTopicBytes()),
                changed.getOrDefault("keep-alive", usual.maxKeepAliveSeconds()),
                changed.getOrDefault("session-expiry", (int) usual.maxSessionExpirySeconds()),
                usual.connectTimeout(),
                usual.lateAnswerTimeout(),
                usual.maxUnsentAnswerBytes(),
                changed.getOrDefault("check-payload", 0) == 1);
    }

    InetSocketAddress address() {
        return server.boundAddress(LISTENER);
    }

    /// Faults of our own that connections ended with.
    long faults() {
        return broker.counters().faults.sum();
    }

    void moveClock(Duration by) {
        clock.now.updateAndGet(now -> now.plus(by));
    }

    void stop() {
        server.close();
    }

    @Override
    public void close() {
        server.close();
        broker.close();
    }

    private static Permissions permissions(Principal principal) {
        return new Permissions() {
            @Override
            public boolean isEmpty() {
                return principal.name().equals("nobody");
            }

            @Override
            public boolean mayPublish(String topicName, int qos, boolean retain) {
                return !topicName.startsWith("denied/");
            }

            @Override
            public int grantedQos(TopicFilter filter, int requestedQos) {
                String text = filter.toString();
                if (text.startsWith("most1/")) {
                    return Math.min(1, requestedQos);
                }
                return text.startsWith("denied/") ? -1 : requestedQos;
            }

            @Override
            public boolean mayReceive(String topicName) {
                return !topicName.startsWith("denied/");
            }
        };
    }

    private static final class Logins implements Authenticator {

        @Override
        public CompletionStage<Authentication> authenticate(Credentials credentials) {
            byte[] password = credentials.password();
            String user = credentials.userName();
            boolean anonymous = user == null && password == null;
            boolean known = password != null && new String(password, StandardCharsets.UTF_8).equals("secret");
            return CompletableFuture.completedFuture(
                    anonymous || known
                            ? new Authentication.Admitted(
                                    Principal.of("t", user == null ? "anonymous" : user, Set.of("all")))
                            : new Authentication.Refused(RefusalCause.BAD_CREDENTIALS, "wrong password"));
        }

        @Override
        public Optional<Principal> readmit(Principal principal) {
            return Optional.of(principal);
        }
    }

    /// Starts at a fixed time and stands still unless moved.
    private static final class ManualClock implements InstantSource {

        private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2030-01-01T00:00:00Z"));

        @Override
        public Instant instant() {
            return now.get();
        }
    }
}
