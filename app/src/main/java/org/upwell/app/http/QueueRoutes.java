// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.access.Printable;
import org.upwell.broker.access.Authorizer;
import org.upwell.broker.access.Principal;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.MessageProperties;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.message.UserProperty;
import org.upwell.broker.session.QueueOperations;
import org.upwell.broker.session.QueueView;
import org.upwell.broker.store.GroupRecord;

/// The queues of clients: looked at, emptied, disconnected, deleted. An administrator may do so for each tenant; a
/// token for its own tenant's sessions, which it could take over anyway, and it is shown only messages that its
/// roles may receive.
public final class QueueRoutes implements Routes {

    private static final Logger LOG = LoggerFactory.getLogger(QueueRoutes.class);

    private static final String TENANT = "/api/tenants/{tenant}";
    private static final String QUEUES = TENANT + "/queues";
    /// A client id may hold slashes, which a path has decoded before it is matched.
    private static final String QUEUE = QUEUES + "/{client:.+}";
    private static final String GROUPS = TENANT + "/groups";
    /// A share name has no slashes, a filter may have some.
    private static final String GROUP = GROUPS + "/{group}/{filter:.+}";
    private static final int DEFAULT_PAGE = 100;
    private static final int DEFAULT_PEEK = 10;
    private static final long MAX_SECONDS = 30;

    /// @param next to be given as `after` for the next page; absent behind the last
    private record QueueList(
            List<ClientView> queues,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            String next) {}

    private record ClientView(
            String tenant, String clientId, boolean online, boolean persistent, int inFlight, QueueNumbers queue) {}

    private record GroupList(List<GroupView> groups) {}

    private record GroupView(String tenant, String group, String filter, int members, QueueNumbers queue) {}

    /// @param secondsToFull absent if the queue does not fill up
    /// @param dropped by cause; absent causes never came about
    private record QueueNumbers(
            int messages,
            long bytes,
            long oldestSeconds,
            boolean oldestIsOlder,
            double inPerSecond,
            double outPerSecond,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            Long secondsToFull,

            int limitMessages,
            long limitBytes,
            String overflow,
            long droppedTotal,
            Map<String, Long> dropped) {}

    private record MessageList(List<MessageView> messages, int hidden) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    private record MessageView(
            String topic,
            int qos,
            int payloadBytes,
            long ageSeconds,
            @Nullable Long expiresAtMillis,
            @Nullable String contentType,
            @Nullable String responseTopic,
            @Nullable List<UserProperty> userProperties,
            @Nullable String payloadBase64) {}

    private record Purged(int purged) {}

    private record Disconnected(boolean disconnected) {}

    private final QueueOperations queues;
    private final Authorizer authorizer;
    private final Callers callers;

    public QueueRoutes(QueueOperations queues, Authorizer authorizer, Callers callers) {
        this.queues = queues;
        this.authorizer = authorizer;
        this.callers = callers;
    }

    @Override
    public void addTo(HttpRules rules) {
        rules.get("/api/queues", this::listAll)
                .get(QUEUES, this::list)
                .get(GROUPS, this::groups)
                .get(GROUP + "/messages", ifSent("messages", this::peekGroup))
                .delete(GROUP + "/messages", ifSent("messages", this::purgeGroup))
                .get(QUEUE + "/messages", ifSent("messages", this::peek))
                .delete(QUEUE + "/messages", ifSent("messages", this::purge))
                .delete(QUEUE + "/connection", ifSent("connection", this::disconnect))
                .get(QUEUE, this::show)
                .delete(QUEUE, this::delete);
    }

    /// Takes a request only if the last level of its path, as it was sent, is `word`. Matched is the decoded path,
    /// in which the end of a client id such as `x/messages` looks the same, and client `x` would be emptied.
    private static Handler ifSent(String word, Handler handler) {
        return (request, response) -> {
            if (request.path().rawPathNoParams().endsWith("/" + word)) {
                handler.handle(request, response);
            } else {
                response.next();
            }
        };
    }

    // ---- Who asks ------------------------------------------------------------------------------------------------

    /// Ends the request unless the caller may look after the tenant in the path.
    ///
    /// @return the caller if it is the tenant itself, null if it is an administrator
    private @Nullable Principal tenantItself(ServerRequest request) {
        String header = request.headers().first(HeaderNames.AUTHORIZATION).orElse("");
        if (header.isEmpty() || header.regionMatches(true, 0, "Basic ", 0, 6)) {
            callers.administrator(request);
            return null;
        }
        Principal caller = callers.caller(request);
        if (!caller.tenant().equals(tenant(request))) {
            throw HttpFault.forbidden("the token is another tenant's");
        }
        return caller;
    }

    private static String tenant(ServerRequest request) {
        return request.path().pathParameters().get("tenant");
    }

    private static SessionKey key(ServerRequest request) {
        return new SessionKey(tenant(request), request.path().pathParameters().get("client"));
    }

    private static GroupRecord groupKey(ServerRequest request) {
        return new GroupRecord(
                tenant(request),
                request.path().pathParameters().get("group"),
                request.path().pathParameters().get("filter"));
    }

    private static int number(ServerRequest request, String name, int otherwise, int most) {
        String text = request.query().first(name).orElse(null);
        if (text == null) {
            return otherwise;
        }
        try {
            int number = Integer.parseInt(text);
            if (number >= 1 && number <= most) {
                return number;
            }
        } catch (NumberFormatException _) {
            // Told below like any number out of bounds.
        }
        throw HttpFault.badRequest("'" + name + "' must be a number from 1 to " + most);
    }

    // ---- Looking -------------------------------------------------------------------------------------------------

    private void listAll(ServerRequest request, ServerResponse response) {
        callers.administrator(request);
        String after = request.query().first("after").orElse(null);
        int slash = after == null ? 0 : after.indexOf('/');
        if (slash < 0) {
            throw HttpFault.badRequest("'after' must be what 'next' said");
        }
        SessionKey key = after == null ? null : new SessionKey(after.substring(0, slash), after.substring(slash + 1));
        sendPage(request, response, null, key);
    }

    private void list(ServerRequest request, ServerResponse response) {
        tenantItself(request);
        String tenant = tenant(request);
        SessionKey after = request.query()
                .first("after")
                .map(clientId -> new SessionKey(tenant, clientId))
                .orElse(null);
        sendPage(request, response, tenant, after);
    }

    private void sendPage(
            ServerRequest request, ServerResponse response, @Nullable String tenant, @Nullable SessionKey after) {
        int most = number(request, "limit", DEFAULT_PAGE, QueueOperations.MAX_PAGE);
        List<QueueOperations.Client> page = await(queues.list(tenant, after, most));
        String next = null;
        if (page.size() == most) {
            SessionKey last = page.getLast().key();
            next = tenant == null ? last.tenant() + "/" + last.clientId() : last.clientId();
        }
        Json.send(
                response,
                200,
                new QueueList(page.stream().map(QueueRoutes::view).toList(), next));
    }

    private void groups(ServerRequest request, ServerResponse response) {
        tenantItself(request);
        List<GroupView> groups = queues.groups(tenant(request)).stream()
                .map(group -> new GroupView(
                        group.key().tenant(),
                        group.key().group(),
                        group.key().filter(),
                        group.members(),
                        numbers(group.queue())))
                .toList();
        Json.send(response, 200, new GroupList(groups));
    }

    private void show(ServerRequest request, ServerResponse response) {
        tenantItself(request);
        Json.send(response, 200, view(present(await(queues.show(key(request))))));
    }

    private static ClientView view(QueueOperations.Client client) {
        return new ClientView(
                client.key().tenant(),
                client.key().clientId(),
                client.online(),
                client.persistent(),
                client.inFlight(),
                numbers(client.queue()));
    }

    private static QueueNumbers numbers(QueueView queue) {
        Map<String, Long> dropped = new TreeMap<>();
        queue.drops().byCause().forEach((cause, count) -> dropped.put(cause.label(), count));
        long secondsToFull = queue.secondsToFull();
        return new QueueNumbers(
                queue.messages(),
                queue.bytes(),
                queue.oldestSeconds(),
                queue.oldestIsOlder(),
                Math.round(queue.inPerSecond() * 100) / 100.0,
                Math.round(queue.outPerSecond() * 100) / 100.0,
                secondsToFull < 0 ? null : secondsToFull,
                queue.limits().queueMessages(),
                queue.limits().queueBytes(),
                queue.limits().overflow().name().toLowerCase(Locale.ROOT).replace('_', '-'),
                queue.drops().total(),
                dropped);
    }

    private void peek(ServerRequest request, ServerResponse response) {
        show(request, response, most -> queues.peek(key(request), most));
    }

    private void peekGroup(ServerRequest request, ServerResponse response) {
        show(request, response, most -> queues.peek(groupKey(request), most));
    }

    private void show(
            ServerRequest request,
            ServerResponse response,
            IntFunction<CompletableFuture<Optional<List<QueueOperations.Peeked>>>> look) {
        Principal caller = tenantItself(request);
        boolean payload = request.query().first("payload").map("true"::equals).orElse(false);
        int most = number(request, "limit", DEFAULT_PEEK, QueueOperations.MAX_PEEK);
        Predicate<String> visible = caller == null ? _ -> true : authorizer.permissionsOf(caller)::mayReceive;
        List<QueueOperations.Peeked> peeked = present(await(look.apply(most)));
        List<MessageView> shown = peeked.stream()
                .filter(each -> visible.test(each.message().topic()))
                .map(each -> view(each, payload))
                .toList();
        Json.noStore(response);
        Json.send(response, 200, new MessageList(shown, peeked.size() - shown.size()));
    }

    private static MessageView view(QueueOperations.Peeked peeked, boolean payload) {
        Message message = peeked.message();
        MessageProperties properties = message.properties();
        return new MessageView(
                message.topic(),
                peeked.qos(),
                message.payload().length,
                peeked.ageSeconds(),
                message.expiresAtMillis() == Message.NEVER ? null : message.expiresAtMillis(),
                properties.contentType(),
                properties.responseTopic(),
                properties.userProperties().isEmpty() ? null : properties.userProperties(),
                payload ? Base64.getEncoder().encodeToString(message.payload()) : null);
    }

    // ---- Doing ---------------------------------------------------------------------------------------------------

    private void purge(ServerRequest request, ServerResponse response) {
        audit(request, "purge", tenantItself(request));
        Json.send(response, 200, new Purged(present(await(queues.purge(key(request))))));
    }

    private void purgeGroup(ServerRequest request, ServerResponse response) {
        audit(request, "purge", tenantItself(request));
        Json.send(response, 200, new Purged(present(await(queues.purge(groupKey(request))))));
    }

    private void disconnect(ServerRequest request, ServerResponse response) {
        audit(request, "disconnect", tenantItself(request));
        Json.send(response, 200, new Disconnected(present(await(queues.disconnect(key(request))))));
    }

    private void delete(ServerRequest request, ServerResponse response) {
        audit(request, "delete", tenantItself(request));
        present(await(queues.delete(key(request))));
        response.status(204).send();
    }

    private static void audit(ServerRequest request, String what, @Nullable Principal tenantItself) {
        LOG.info(
                "{} of a queue of tenant {} by {}",
                what,
                Printable.cut(tenant(request), 80),
                tenantItself == null ? "an administrator" : "the tenant itself");
    }

    private static <T> T present(Optional<T> found) {
        return found.orElseThrow(() -> HttpFault.notFound("there is no such client or group"));
    }

    /// Blocks the request's own virtual thread while the event loops answer.
    private static <T> T await(CompletableFuture<T> answer) {
        try {
            return answer.get(MAX_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw HttpFault.unavailable("the server is stopping");
        } catch (ExecutionException e) {
            LOG.error("a question about queues failed", e);
            throw HttpFault.unavailable("the broker could not answer; the server's log says why");
        } catch (TimeoutException _) {
            throw HttpFault.unavailable("the broker did not answer in time");
        }
    }
}
