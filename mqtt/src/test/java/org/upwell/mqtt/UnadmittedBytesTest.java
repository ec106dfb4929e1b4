// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.broker.access.Authentication;
import org.upwell.broker.access.Principal;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.PacketEncoder;
import org.upwell.codec.Properties;
import org.upwell.codec.ReasonCode;

/// What clients make the server keep before it knows who they are, over real sockets.
@Timeout(60)
class UnadmittedBytesTest {

    private static final MqttVersion VERSION = MqttVersion.MQTT_5;
    private static final int ROOM_BYTES = 200_000;
    private static final int LONG_PASSWORD = 60_000;

    private final TestBroker.Options options = new TestBroker.Options();

    UnadmittedBytesTest() {
        options.limits = new TestLimits().maxUnadmittedBytes(ROOM_BYTES).build();
        options.authenticator = credentials -> admitted();
    }

    private static CompletableFuture<Authentication> admitted() {
        return CompletableFuture.completedFuture(
                new Authentication.Admitted(Principal.of("acme", "name", Set.of("all"))));
    }

    private static Connect connect(String clientId, int passwordBytes) {
        return TestClient.withPassword(
                TestClient.connectPacket(VERSION, clientId, true, Properties.NONE), "u", "p".repeat(passwordBytes));
    }

    /// Of a CONNECT that is otherwise in order all but the last byte.
    private static ByteBuf unfinished(Connect packet) {
        ByteBuf bytes = Unpooled.buffer();
        PacketEncoder.encode(packet, VERSION, bytes);
        return bytes.writerIndex(bytes.writerIndex() - 1);
    }

    private static long crowdedOut(TestBroker broker) {
        return broker.broker.counters().connectionsCrowdedOut.sum();
    }

    /// However many begin a long CONNECT and do not end it: what they take together is bounded, who comes with a
    /// short one is served meanwhile, and the room is there again when they are gone.
    @Test
    void unfinishedConnectsAreBoundedTogether() throws IOException {
        try (TestBroker broker = options.start()) {
            List<TestClient> halfOpen = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                TestClient client = new TestClient(broker.address(), VERSION);
                client.sendBytes(unfinished(connect("c" + i, LONG_PASSWORD)));
                halfOpen.add(client);
            }
            // Each takes between what it sent and twice that.
            int fit = ROOM_BYTES / LONG_PASSWORD;
            await().until(() -> crowdedOut(broker) >= 10 - fit);
            assertThat(crowdedOut(broker)).isLessThan(10);
            try (TestClient small = new TestClient(broker.address(), VERSION)) {
                assertThat(small.connect(connect("small", 1_000)).reason()).isEqualTo(ReasonCode.SUCCESS);
            }
            for (TestClient client : halfOpen) {
                client.close();
            }
            await().until(() -> broker.server.connectionCount() == 0);
            try (TestClient large = new TestClient(broker.address(), VERSION)) {
                assertThat(large.connect(connect("large", LONG_PASSWORD)).reason())
                        .isEqualTo(ReasonCode.SUCCESS);
            }
        }
    }

    /// A CONNECT that is complete takes room too, until it is decided.
    @Test
    void connectsThatWaitForAuthenticationAreBoundedTogether() throws IOException {
        ConcurrentLinkedQueue<CompletableFuture<Authentication>> asked = new ConcurrentLinkedQueue<>();
        options.authenticator = credentials -> {
            CompletableFuture<Authentication> later = new CompletableFuture<>();
            asked.add(later);
            return later;
        };
        try (TestBroker broker = options.start()) {
            List<TestClient> clients = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                TestClient client = new TestClient(broker.address(), VERSION);
                clients.add(client);
                client.send(connect("c" + i, LONG_PASSWORD));
                int soFar = i + 1;
                await().until(() -> asked.size() + crowdedOut(broker) == soFar);
            }
            assertThat(asked).hasSizeBetween(1, ROOM_BYTES / LONG_PASSWORD + 1);
            asked.forEach(each -> each.complete(admitted().join()));
            asked.clear();
            await().until(() -> broker.broker.counters().connectionsOpened.sum() == 10 - crowdedOut(broker));
            try (TestClient next = new TestClient(broker.address(), VERSION)) {
                next.send(connect("next", LONG_PASSWORD));
                await().until(() -> asked.size() == 1);
                Objects.requireNonNull(asked.poll()).complete(admitted().join());
                assertThat(next.receive(ConnAck.class).reason()).isEqualTo(ReasonCode.SUCCESS);
            }
            for (TestClient client : clients) {
                client.close();
            }
        }
    }

    /// An open connection keeps nothing of the CONNECT that it came with, the password least of all.
    @Test
    void anOpenConnectionLetsGoOfItsConnect() throws IOException {
        AtomicReference<WeakReference<byte[]>> password = new AtomicReference<>();
        options.authenticator = credentials -> {
            password.set(new WeakReference<>(Objects.requireNonNull(credentials.password())));
            return admitted();
        };
        try (TestBroker broker = options.start();
                TestClient client = new TestClient(broker.address(), VERSION)) {
            assertThat(client.connect(connect("c", LONG_PASSWORD)).reason()).isEqualTo(ReasonCode.SUCCESS);
            client.expectNothingButPong();
            await().until(() -> {
                System.gc();
                return password.get().get() == null;
            });
            client.expectNothingButPong();
        }
    }
}
