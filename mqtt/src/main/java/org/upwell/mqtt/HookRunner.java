// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.codec.Packet;
import org.upwell.codec.PubAck;
import org.upwell.codec.PubComp;
import org.upwell.codec.PubRec;
import org.upwell.codec.PubRel;
import org.upwell.codec.Publish;
import org.upwell.codec.SubAck;
import org.upwell.codec.Subscribe;
import org.upwell.codec.UnsubAck;
import org.upwell.codec.Unsubscribe;
import org.upwell.mqtt.hook.ClientInfo;
import org.upwell.mqtt.hook.EnhancedAuthenticator;
import org.upwell.mqtt.hook.Hooks;
import org.upwell.mqtt.hook.Interceptor;
import org.upwell.mqtt.hook.PacketAuthorizer;
import org.upwell.mqtt.hook.Verdict;

/// Runs hooks for one connection: off the event loop, one after the other, and back. Hooks are not ours: one that
/// throws, fails or answers nonsense is logged and counts for nothing, so each question gets its answer. Owned by
/// the connection's event loop.
@SuppressWarnings("FutureReturnValueIgnored") // Each chain ends in a step that takes value and failure.
final class HookRunner {

    private static final Logger LOG = LoggerFactory.getLogger(HookRunner.class);

    private final HookRegistry registry;
    private final Executor connection;
    private @Nullable ClientInfo client;

    /// @param connection runs what follows an answer on the event loop, and ends the connection if that breaks
    HookRunner(HookRegistry registry, Executor connection) {
        this.registry = registry;
        this.connection = connection;
    }

    /// Hooks see admitted clients only.
    void admitted(ClientInfo admitted) {
        client = admitted;
    }

    /// The hooks in force for this connection: none before it is admitted.
    Hooks hooks() {
        return client == null ? Hooks.NONE : registry.hooks();
    }

    /// The hook that offers a method of enhanced authentication, for whom that is to admit too; null if none does.
    @Nullable
    EnhancedAuthenticator authenticator(String method) {
        return registry.hooks().authenticator(method);
    }

    /// Runs hook code, which may block.
    Executor executor() {
        return registry.executor();
    }

    /// Asks `chain` about `packet`; `then` gets the verdict on the event loop.
    void intercept(List<Interceptor> chain, Packet packet, Consumer<Verdict> then) {
        ClientInfo info = client;
        if (info == null) {
            then.accept(new Verdict.Pass(packet));
            return;
        }
        CompletionStage<Verdict> stage = CompletableFuture.completedFuture(new Verdict.Pass(packet));
        Executor executor = registry.executor();
        for (Interceptor interceptor : chain) {
            stage = stage.thenComposeAsync(
                    verdict -> verdict instanceof Verdict.Pass pass
                            ? ask(interceptor, info, pass)
                            : CompletableFuture.completedFuture(verdict),
                    executor);
        }
        stage.whenComplete((verdict, failure) -> connection.execute(() -> {
            if (failure != null) {
                // No interceptor's doing, since each answers for itself: the executor takes no more.
                LOG.warn("interceptors of {} could not be run; the packet passes unchanged", packet.type(), failure);
            }
            then.accept(failure == null ? verdict : new Verdict.Pass(packet));
        }));
    }

    /// An interceptor that fails passes what it got, so the work of those before it is kept and the rest still run.
    private static CompletionStage<Verdict> ask(Interceptor interceptor, ClientInfo client, Verdict.Pass unchanged) {
        Packet packet = unchanged.packet();
        return CompletableFuture.completedFuture(packet)
                .thenCompose(asked -> interceptor.intercept(client, asked))
                .handle((verdict, failure) -> {
                    if (failure == null && isAnswerTo(packet, verdict)) {
                        return verdict;
                    }
                    LOG.error(
                            "an interceptor of {} {}; the packet passes as the interceptor got it",
                            packet.type(),
                            failure == null ? "answered " + verdict : "failed",
                            failure);
                    return unchanged;
                });
    }

    /// What is changed must still be a step of the same handshake.
    private static boolean isAnswerTo(Packet packet, @Nullable Verdict verdict) {
        return switch (verdict) {
            case null -> false;
            case Verdict.Prevent prevent -> true;
            case Verdict.Pass pass
            when packet instanceof Publish publish ->
                pass.packet() instanceof Publish changed
                        && changed.packetId() == publish.packetId()
                        && changed.qos() == publish.qos();
            case Verdict.Pass pass ->
                pass.packet().type() == packet.type() && packetId(pass.packet()) == packetId(packet);
        };
    }

    private static int packetId(Packet packet) {
        return switch (packet) {
            case PubAck ack -> ack.packetId();
            case PubRec rec -> rec.packetId();
            case PubRel rel -> rel.packetId();
            case PubComp comp -> comp.packetId();
            case Subscribe subscribe -> subscribe.packetId();
            case SubAck ack -> ack.packetId();
            case Unsubscribe unsubscribe -> unsubscribe.packetId();
            case UnsubAck ack -> ack.packetId();
            default -> 0;
        };
    }

    /// Asks all authorizers about a PUBLISH; `then` gets the answer on the event loop.
    void authorizePublish(List<PacketAuthorizer> authorizers, Publish publish, Consumer<Boolean> then) {
        authorize(authorizers, (authorizer, info) -> authorizer.mayPublish(info, publish), then);
    }

    /// Asks all authorizers about one filter of a SUBSCRIBE; `then` gets the answer on the event loop.
    void authorizeSubscribe(List<PacketAuthorizer> authorizers, Subscribe.Request request, Consumer<Boolean> then) {
        authorize(authorizers, (authorizer, info) -> authorizer.maySubscribe(info, request), then);
    }

    private interface Question {
        CompletionStage<Boolean> ask(PacketAuthorizer authorizer, ClientInfo client);
    }

    private void authorize(List<PacketAuthorizer> authorizers, Question question, Consumer<Boolean> then) {
        ClientInfo info = client;
        if (info == null) {
            then.accept(false);
            return;
        }
        CompletionStage<Boolean> stage = CompletableFuture.completedFuture(true);
        Executor executor = registry.executor();
        for (PacketAuthorizer authorizer : authorizers) {
            stage = stage.thenComposeAsync(
                    allowed -> Boolean.TRUE.equals(allowed)
                            ? question.ask(authorizer, info)
                            : CompletableFuture.completedFuture(false),
                    executor);
        }
        stage.whenComplete((allowed, failure) -> connection.execute(() -> {
            if (allowed == null) {
                LOG.error("an authorizer failed or gave no answer, which means no", failure);
            }
            then.accept(Boolean.TRUE.equals(allowed));
        }));
    }
}
