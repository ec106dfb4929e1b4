// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.Broker;
import org.upwell.broker.access.Authentication;
import org.upwell.broker.access.Authenticator;
import org.upwell.broker.access.Authorizer;
import org.upwell.broker.access.Credentials;
import org.upwell.broker.access.Permissions;
import org.upwell.broker.access.Principal;
import org.upwell.broker.access.RefusalCause;
import org.upwell.broker.event.BrokerEvent;
import org.upwell.broker.session.OverflowRule;
import org.upwell.broker.session.QueueMemory;
import org.upwell.broker.session.SessionLimits;
import org.upwell.broker.store.InMemoryStore;
import org.upwell.broker.store.Store;
import org.upwell.broker.topic.InvalidTopicException;
import org.upwell.broker.topic.TopicFilter;

/// A whole server on a free port of the loopback address. Users: any name with password `secret`; their tenant is
/// what stands before the dot of the name (`acme.meter` is of tenant `acme`), `none` has no rights, and everybody
/// may do anything below their tenant's topic.
final class TestBroker implements AutoCloseable {

    static final String LISTENER = "test";
    static final String OTHER_LISTENER = "other";

    final Queue<BrokerEvent> events = new ConcurrentLinkedQueue<>();
    final Broker broker;
    final MqttServer server;

    private TestBroker(Options options) throws IOException {
        broker = new Broker(new Broker.Parts(
                options.store,
                options.anonymous ? new AdmitsAnonymous(options.authenticator) : options.authenticator,
                options.authorizer,
                principal -> options.sessionLimits,
                events::add,
                options.clock,
                options.queueMemory));
        server = new MqttServer(broker, options.limits, 2, options.transport);
        List<ListenerConfig> listeners = new ArrayList<>(List.of(listener(LISTENER, options.tls)));
        if (options.otherListener) {
            listeners.add(listener(OTHER_LISTENER, null));
        }
        server.start(listeners);
    }

    private static ListenerConfig listener(String name, ListenerConfig.@Nullable Tls tls) {
        return new ListenerConfig(name, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), tls);
    }

    static TestBroker start() throws IOException {
        return new Options().start();
    }

    /// What a test may change.
    static final class Options {
        Store store = new InMemoryStore();
        Authenticator authenticator = TestBroker::authenticate;
        Authorizer authorizer = TestBroker::permissions;
        SessionLimits sessionLimits = SessionLimits.DEFAULT;
        MqttLimits limits = MqttLimits.DEFAULT;
        Transport transport = Transport.best();
        InstantSource clock = InstantSource.system();
        QueueMemory queueMemory = QueueMemory.ofHeap();
        boolean anonymous = true;
        boolean otherListener;
        ListenerConfig.@Nullable Tls tls;

        /// What is bounded by default so that nobody notices, as a test can see it.
        Options limited(Duration lateAnswerTimeout, long maxUnsentAnswerBytes) {
            limits = new TestLimits()
                    .lateAnswerTimeout(lateAnswerTimeout)
                    .maxUnsentAnswerBytes(maxUnsentAnswerBytes)
                    .build();
            return this;
        }

        Options queueOf(int messages, OverflowRule rule) {
            sessionLimits = new SessionLimits(messages, 64 << 20, rule, 1 << 20);
            return this;
        }

        TestBroker start() throws IOException {
            return new TestBroker(this);
        }
    }

    /// Admits who has no credentials as tenant `acme`, at once.
    private record AdmitsAnonymous(Authenticator others) implements Authenticator {

        @Override
        public CompletionStage<Authentication> authenticate(Credentials credentials) {
            return credentials.userName() == null && credentials.password() == null
                    ? CompletableFuture.completedFuture(
                            new Authentication.Admitted(Principal.of("acme", "anonymous", Set.of("all"))))
                    : others.authenticate(credentials);
        }

        @Override
        public Optional<Principal> readmit(Principal principal) {
            return others.readmit(principal);
        }
    }

    private static CompletionStage<Authentication> authenticate(Credentials credentials) {
        byte[] password = credentials.password();
        String name = credentials.userName();
        if (name == null || password == null || !new String(password, StandardCharsets.UTF_8).equals("secret")) {
            return CompletableFuture.completedFuture(
                    new Authentication.Refused(RefusalCause.BAD_CREDENTIALS, "unknown user or wrong password"));
        }
        int dot = name.indexOf('.');
        return CompletableFuture.completedFuture(new Authentication.Admitted(
                Principal.of(dot < 0 ? name : name.substring(0, dot), name, Set.of("all"))));
    }

    static Permissions permissions(Principal principal) {
        TopicFilter own;
        try {
            own = TopicFilter.parse(principal.tenant() + "/#");
        } catch (InvalidTopicException e) {
            throw new IllegalStateException(e);
        }
        return new Permissions() {
            @Override
            public boolean isEmpty() {
                return principal.tenant().equals("none");
            }

            @Override
            public boolean mayPublish(String topicName, int qos, boolean retain) {
                return own.matches(topicName);
            }

            @Override
            public int grantedQos(TopicFilter filter, int requestedQos) {
                return own.covers(filter) ? requestedQos : -1;
            }

            @Override
            public boolean mayReceive(String topicName) {
                return own.matches(topicName);
            }
        };
    }

    InetSocketAddress address() {
        return server.boundAddress(LISTENER);
    }

    @Override
    public void close() {
        server.close();
        broker.close();
    }
}
