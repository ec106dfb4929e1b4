// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.IntUnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.event.DropCause;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.store.GroupRecord;

/// What an operator does with queues. May be called from any thread; each session is asked on its owner's, so all
/// answers but those on groups come later, on any thread. Decides nothing about who may ask.
@SuppressWarnings("FutureReturnValueIgnored") // Each chain ends in a step that takes value and failure.
public final class QueueOperations {

    /// Most sessions of one page.
    public static final int MAX_PAGE = 1_000;

    /// Most messages of one look into a queue.
    public static final int MAX_PEEK = 1_000;

    /// Most bytes of messages of one look, unless the first alone has more.
    private static final long PEEK_BYTES = 4 << 20;

    /// Messages that are taken out of a queue in one go: other clients of the loop wait for no more.
    private static final int PURGED_AT_ONCE = 5_000;

    private static final Comparator<SessionKey> ORDER =
            Comparator.comparing(SessionKey::tenant).thenComparing(SessionKey::clientId);

    /// One session.
    ///
    /// @param inFlight messages that were sent and are not acknowledged
    public record Client(SessionKey key, boolean online, boolean persistent, int inFlight, QueueView queue) {}

    /// One shared subscription.
    ///
    /// @param members sessions that share it
    public record Group(GroupRecord key, int members, QueueView queue) {}

    /// One message in a queue.
    ///
    /// @param ageSeconds how long it has waited
    public record Peeked(Message message, int qos, long ageSeconds) {}

    private final SessionDirectory sessions;
    private final SharedGroups groups;

    public QueueOperations(SessionDirectory sessions, SharedGroups groups) {
        this.sessions = sessions;
        this.groups = groups;
    }

    // ---- Looking -------------------------------------------------------------------------------------------------

    /// Sessions in order of tenant and client id.
    ///
    /// @param tenant only this one's; null for all
    /// @param after those behind this one; null for the first
    /// @param most 1 to [#MAX_PAGE]
    public CompletableFuture<List<Client>> list(@Nullable String tenant, @Nullable SessionKey after, int most) {
        List<Session> page = page(tenant, after, Math.clamp(most, 1, MAX_PAGE));
        Map<Owner, List<Session>> byOwner = page.stream().collect(Collectors.groupingBy(Session::owner));
        List<CompletableFuture<List<Client>>> parts = new ArrayList<>();
        byOwner.forEach((owner, owned) -> parts.add(views(owner, owned)));
        return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
                .thenApply(_ -> parts.stream()
                        .flatMap(part -> part.join().stream())
                        .sorted(Comparator.comparing(Client::key, ORDER))
                        .toList());
    }

    /// The smallest keys behind `after`, found in one pass that holds no more than a page.
    private List<Session> page(@Nullable String tenant, @Nullable SessionKey after, int most) {
        PriorityQueue<Session> smallest = new PriorityQueue<>(Comparator.comparing(Session::key, ORDER.reversed()));
        for (Session session : sessions.all()) {
            SessionKey key = session.key();
            boolean wanted =
                    (tenant == null || tenant.equals(key.tenant())) && (after == null || ORDER.compare(key, after) > 0);
            if (wanted) {
                smallest.add(session);
                if (smallest.size() > most) {
                    smallest.poll();
                }
            }
        }
        return List.copyOf(smallest);
    }

    private CompletableFuture<List<Client>> views(Owner owner, List<Session> owned) {
        List<CompletableFuture<Optional<Client>>> views = new ArrayList<>();
        CompletableFuture<List<Client>> answer = new CompletableFuture<>();
        runOn(owner, answer, () -> {
            for (Session session : owned) {
                // Those that moved meanwhile are asked where they went.
                views.add(ask(session, (found, view) -> view.complete(view(found))));
            }
            CompletableFuture.allOf(views.toArray(CompletableFuture[]::new)).whenComplete((_, failure) -> {
                if (failure != null) {
                    answer.completeExceptionally(failure);
                } else {
                    answer.complete(
                            views.stream().flatMap(view -> view.join().stream()).toList());
                }
            });
        });
        return answer;
    }

    private static Client view(Session session) {
        return new Client(
                session.key(),
                session.isOnline(),
                session.isPersistent(),
                session.inFlight().size(),
                session.deliveries().view());
    }

    /// One session; empty if there is none.
    public CompletableFuture<Optional<Client>> show(SessionKey key) {
        return ask(key, (session, answer) -> answer.complete(view(session)));
    }

    /// The shared subscriptions of `tenant`, of all if it is null.
    public List<Group> groups(@Nullable String tenant) {
        return groups.all().stream()
                .filter(group -> tenant == null || tenant.equals(group.key().tenant()))
                .map(group -> new Group(group.key(), group.memberCount(), group.view()))
                .sorted(Comparator.comparing((Group group) -> group.key().tenant())
                        .thenComparing(group -> group.key().group())
                        .thenComparing(group -> group.key().filter()))
                .toList();
    }

    /// The first messages of a queue, at most `most`, fewer if they are large; empty if there is no such session.
    /// What is not in memory is read from the store.
    public CompletableFuture<Optional<List<Peeked>>> peek(SessionKey key, int most) {
        return ask(
                key,
                (session, answer) ->
                        session.deliveries().backlog().peek(Math.clamp(most, 1, MAX_PEEK), PEEK_BYTES, answer));
    }

    /// The same of a shared subscription.
    public CompletableFuture<Optional<List<Peeked>>> peek(GroupRecord key, int most) {
        return ask(key, (group, answer) -> group.peek(Math.clamp(most, 1, MAX_PEEK), PEEK_BYTES, answer));
    }

    // ---- Doing ---------------------------------------------------------------------------------------------------

    /// Takes out all that waits now, counted as lost. Tells how many messages that were; empty if there is no such
    /// session.
    public CompletableFuture<Optional<Integer>> purge(SessionKey key) {
        return ask(
                key,
                (session, answer) -> purge(
                        most -> session.deliveries().backlog().drop(most, DropCause.PURGED),
                        next -> runOn(session.owner(), answer, () -> whereOwned(session, answer, next)),
                        session.queuedMessages(),
                        0,
                        answer));
    }

    /// The same of a shared subscription.
    public CompletableFuture<Optional<Integer>> purge(GroupRecord key) {
        return ask(
                key,
                (group, answer) -> purge(
                        most -> group.drop(most, DropCause.PURGED),
                        next -> runOn(group.home(), answer, next),
                        group.queuedMessages(),
                        0,
                        answer));
    }

    /// A part at a time, so that nobody else on that loop waits long.
    ///
    /// @param drop takes out as many at most and says how many those were
    /// @param later runs the next part where the queue is owned by then
    /// @param most how many were there: what comes meanwhile stays
    /// @param done how many of them earlier parts took out
    private static void purge(
            IntUnaryOperator drop, Executor later, int most, int done, CompletableFuture<Integer> answer) {
        int purged = drop.applyAsInt(Math.min(most - done, PURGED_AT_ONCE));
        int all = done + purged;
        if (purged == 0 || all >= most) {
            answer.complete(all);
        } else {
            later.execute(() -> purge(drop, later, most, all, answer));
        }
    }

    /// Ends the session's connection, if it has one; the session goes on. True if it had one; empty if there is no
    /// such session.
    public CompletableFuture<Optional<Boolean>> disconnect(SessionKey key) {
        return ask(key, (session, answer) -> {
            SessionConnection connection = session.connection();
            if (connection != null) {
                connection.sessionEnded("disconnected by an administrator");
            }
            answer.complete(connection != null);
        });
    }

    /// Ends the session with all that it holds, its connection included. Empty if there is no such session.
    public CompletableFuture<Optional<Boolean>> delete(SessionKey key) {
        return ask(key, (session, answer) -> {
            session.end("deleted by an administrator");
            answer.complete(true);
        });
    }

    // ---- Asking --------------------------------------------------------------------------------------------------

    private interface Question<T> {
        /// On the session's owner; completes `answer`, now or later.
        void ask(Session session, CompletableFuture<T> answer);
    }

    private <T> CompletableFuture<Optional<T>> ask(SessionKey key, Question<T> question) {
        return sessions.find(key.tenant(), key.clientId())
                .map(session -> ask(session, question))
                .orElseGet(() -> CompletableFuture.completedFuture(Optional.empty()));
    }

    private interface GroupQuestion<T> {
        /// On the group's home; completes `answer`, now or later.
        void ask(SharedGroup group, CompletableFuture<T> answer);
    }

    private <T> CompletableFuture<Optional<T>> ask(GroupRecord key, GroupQuestion<T> question) {
        SharedGroup group = groups.find(key);
        if (group == null) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        CompletableFuture<T> answer = new CompletableFuture<>();
        CompletableFuture<Optional<T>> told = told(answer);
        runOn(group.home(), answer, () -> question.ask(group, answer));
        return told;
    }

    private static <T> CompletableFuture<Optional<T>> told(CompletableFuture<T> answer) {
        CompletableFuture<Optional<T>> told = new CompletableFuture<>();
        answer.whenComplete((value, failure) -> {
            if (failure != null) {
                told.completeExceptionally(failure);
            } else {
                told.complete(Optional.of(value));
            }
        });
        return told;
    }

    private static <T> CompletableFuture<Optional<T>> ask(Session session, Question<T> question) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        CompletableFuture<Optional<T>> told = told(answer);
        Runnable asked = () -> {
            if (session.hasEnded()) {
                told.complete(Optional.empty());
            } else {
                question.ask(session, answer);
            }
        };
        if (session.owner().isCurrent()) {
            whereOwned(session, answer, asked);
        } else {
            runOn(session.owner(), answer, () -> whereOwned(session, answer, asked));
        }
        return told;
    }

    /// Runs `task` on the session's owner: here, or where it has moved.
    private static void whereOwned(Session session, CompletableFuture<?> answer, Runnable task) {
        if (!session.hasEnded() && (!session.owner().isCurrent() || session.isMoving())) {
            runOn(session.owner(), answer, () -> whereOwned(session, answer, task));
        } else {
            task.run();
        }
    }

    private static void runOn(Owner owner, CompletableFuture<?> answer, Runnable task) {
        try {
            owner.execute(() -> {
                try {
                    task.run();
                } catch (RuntimeException e) {
                    answer.completeExceptionally(e);
                }
            });
        } catch (RejectedExecutionException e) {
            // The broker stops.
            answer.completeExceptionally(e);
        }
    }
}
