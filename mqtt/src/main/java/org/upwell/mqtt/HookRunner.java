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
import org.upwell.broker.owner.Owner;
import org.upwell.codec.Packet;
import org.upwell.codec.Publish;
import org.upwell.codec.Subscribe;
import org.upwell.mqtt.hook.ClientInfo;
import org.upwell.mqtt.hook.Hooks;
import org.upwell.mqtt.hook.Interceptor;
import org.upwell.mqtt.hook.PacketAuthorizer;
import org.upwell.mqtt.hook.Verdict;

/// Runs hooks for one connection: off the event loop, one after the other, and back. Owned by the connection's
/// event loop.
@SuppressWarnings("FutureReturnValueIgnored") // Each chain ends in a step that takes value and failure.
final class HookRunner {

    private static final Logger LOG = LoggerFactory.getLogger(HookRunner.class);

    private final HookRegistry registry;
    private final Owner owner;
    private @Nullable ClientInfo client;

    HookRunner(HookRegistry registry, Owner owner) {
        this.registry = registry;
        this.owner = owner;
    }

    /// Hooks see admitted clients only.
    void admitted(ClientInfo admitted) {
        client = admitted;
    }

    /// The hooks in force for this connection: none before it is admitted.
    Hooks hooks() {
        return client == null ? Hooks.NONE : registry.hooks();
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
            stage = stage.thenComposeAsync(verdict -> next(interceptor, info, verdict), executor);
        }
        stage.whenComplete((verdict, failure) -> owner.execute(() -> {
            if (failure != null) {
                LOG.error("an interceptor of {} failed; the packet passes unchanged", packet.type(), failure);
            }
            then.accept(failure == null ? verdict : new Verdict.Pass(packet));
        }));
    }

    private static CompletionStage<Verdict> next(Interceptor interceptor, ClientInfo client, Verdict verdict) {
        return verdict instanceof Verdict.Pass pass
                ? interceptor.intercept(client, pass.packet())
                : CompletableFuture.completedFuture(verdict);
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
                    allowed -> allowed ? question.ask(authorizer, info) : CompletableFuture.completedFuture(false),
                    executor);
        }
        stage.whenComplete((allowed, failure) -> owner.execute(() -> {
            if (failure != null) {
                LOG.error("an authorizer failed, which means no", failure);
            }
            then.accept(failure == null && allowed);
        }));
    }
}
