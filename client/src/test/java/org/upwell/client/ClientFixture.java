// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.upwell.codec.Properties;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;

/// A fake server and a client for it, closed after the test.
final class ClientFixture implements AutoCloseable {

    static final Reconnect QUICKLY = new Reconnect(Duration.ofMillis(1), Duration.ofMillis(20), false);

    final FakeServer server;
    private @Nullable MqttClient client;

    ClientFixture() throws IOException {
        server = new FakeServer();
    }

    ClientOptions.Builder options() {
        return ClientOptions.builder("127.0.0.1", server.port()).clientId("c");
    }

    MqttClient client(ClientOptions.Builder options) {
        assertThat(client).isNull();
        client = new MqttClient(options.build());
        return client;
    }

    /// A client on a loop that the test can use too.
    MqttClient client(ClientOptions.Builder options, EventLoopGroup group) {
        assertThat(client).isNull();
        client = new MqttClient(options.build(), group);
        return client;
    }

    /// A client that is connected, and the server's end of it.
    FakeServer.Peer connect(ClientOptions.Builder options) throws IOException {
        return connect(options, Properties.NONE);
    }

    FakeServer.Peer connect(ClientOptions.Builder options, Properties connAck) throws IOException {
        CompletionStage<?> connected = client(options).connect();
        FakeServer.Peer peer = server.acceptSession(false, connAck);
        await(connected);
        return peer;
    }

    MqttClient client() {
        if (client == null) {
            throw new AssertionError("no client yet");
        }
        return client;
    }

    CompletionStage<ReasonCode> publish(String payload, QoS qos) {
        return client().publish("t", bytes(payload), qos, false, Properties.NONE);
    }

    /// What the server gets of [#publish].
    static Publish message(String payload, QoS qos, int packetId, boolean dup) {
        return new Publish("t", bytes(payload), qos, dup, false, packetId, Properties.NONE);
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(Publish message) {
        return new String(message.payload(), StandardCharsets.UTF_8);
    }

    static <T extends @Nullable Object> T await(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().get(FakeServer.TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | InterruptedException | TimeoutException e) {
            return fail(e);
        }
    }

    static MqttException awaitFailure(CompletionStage<?> stage) {
        try {
            Object value = stage.toCompletableFuture().get(FakeServer.TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
            return fail("succeeded: " + value);
        } catch (ExecutionException e) {
            assertThat(e.getCause()).isInstanceOf(MqttException.class);
            return (MqttException) e.getCause();
        } catch (InterruptedException | TimeoutException e) {
            return fail(e);
        }
    }

    static void assertPending(CompletionStage<?> stage) {
        assertThat(stage.toCompletableFuture().isDone()).isFalse();
    }

    @Override
    public void close() throws IOException {
        if (client != null) {
            client.close();
        }
        server.close();
    }
}
