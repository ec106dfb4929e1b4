// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.util.Base64;
import org.jspecify.annotations.Nullable;
import org.upwell.app.payload.PayloadText;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/// The queues of a running server's clients.
@Command(name = "queue", description = "Look into clients' queues; purge them, disconnect clients, delete sessions")
final class QueueCommand implements Runnable {
    private static final String TENANT = "Whose client it is";
    private static final String CLIENT = "The MQTT client ID";
    private static final String SHARED = "$share/";
    private static final String CLIENT_OR_GROUP = "The MQTT client ID, or $share/NAME/FILTER for a shared subscription";

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before run
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "Name what to do: list, groups, peek, purge, disconnect or delete");
    }

    @Command(
            name = "list",
            description =
                    "List clients: tenant, client ID, online or offline, messages of limit, bytes of limit, age of"
                            + " the oldest message, messages per second in and out, time until full, messages dropped")
    void list(
            @Mixin RestService server,
            @Option(names = "--tenant", paramLabel = "TENANT", description = "Only this tenant's") @Nullable
                    String tenant) {
        String path = tenant == null ? "/api/queues" : queues(tenant);
        String after = "";
        while (true) {
            JsonNode page = server.get(path + "?limit=1000" + after);
            for (JsonNode client : page.path("queues")) {
                print(text(client, "tenant") + "\t" + text(client, "clientId") + "\t"
                        + (client.path("online").asBoolean() ? "online" : "offline") + "\t"
                        + numbers(client.path("queue")));
            }
            if (!page.has("next")) {
                return;
            }
            after = "&after=" + RestService.encoded(page.path("next").asString());
        }
    }

    @Command(name = "groups", description = "List a tenant's shared subscriptions: name, filter, members, then as list")
    void groups(
            @Mixin RestService server,
            @Option(names = "--tenant", paramLabel = "TENANT", required = true, description = "Whose they are")
                    String tenant) {
        JsonNode answer = server.get("/api/tenants/" + RestService.encoded(tenant) + "/groups");
        for (JsonNode group : answer.path("groups")) {
            print(text(group, "group") + "\t" + text(group, "filter") + "\t"
                    + group.path("members").asInt() + " members\t" + numbers(group.path("queue")));
        }
    }

    @Command(
            name = "peek",
            description =
                    "Show the first messages of a queue, which stay there: topic, QoS, bytes, age, user properties")
    void peek(
            @Mixin RestService server,
            @Option(names = "--tenant", paramLabel = "TENANT", required = true, description = TENANT) String tenant,
            @Parameters(paramLabel = "CLIENT-ID", description = CLIENT_OR_GROUP) String client,
            @Option(
                            names = "--count",
                            paramLabel = "N",
                            defaultValue = "10",
                            description = "How many, 1 to 1000 (default: ${DEFAULT-VALUE})")
                    int count,
            @Option(names = "--payload", description = "Show payloads too") boolean payload) {
        JsonNode answer = server.get(queueOrGroup(tenant, client) + "/messages?limit=" + count + "&payload=" + payload);
        for (JsonNode message : answer.path("messages")) {
            StringBuilder line = new StringBuilder(text(message, "topic"))
                    .append("\tqos ")
                    .append(message.path("qos").asInt())
                    .append('\t')
                    .append(message.path("payloadBytes").asInt())
                    .append(" bytes\t")
                    .append(message.path("ageSeconds").asLong())
                    .append('s');
            for (JsonNode pair : message.path("userProperties")) {
                line.append('\t').append(text(pair, "name")).append('=').append(text(pair, "value"));
            }
            if (payload) {
                byte[] bytes =
                        Base64.getDecoder().decode(message.path("payloadBase64").asString(""));
                line.append('\t').append(PayloadText.decoded(bytes));
            }
            print(line.toString());
        }
        int hidden = answer.path("hidden").asInt();
        if (hidden > 0) {
            spec.commandLine().getErr().println(hidden + " messages are not shown: the token may not receive them");
        }
    }

    @Command(name = "purge", description = "Drop all messages that wait in a queue; they are counted as lost")
    void purge(
            @Mixin RestService server,
            @Option(names = "--tenant", paramLabel = "TENANT", required = true, description = TENANT) String tenant,
            @Parameters(paramLabel = "CLIENT-ID", description = CLIENT_OR_GROUP) String client) {
        JsonNode answer = server.delete(queueOrGroup(tenant, client) + "/messages");
        print("purged " + answer.path("purged").asInt() + " messages");
    }

    @Command(name = "disconnect", description = "End a client's connection; its session goes on")
    void disconnect(
            @Mixin RestService server,
            @Option(names = "--tenant", paramLabel = "TENANT", required = true, description = TENANT) String tenant,
            @Parameters(paramLabel = "CLIENT-ID", description = CLIENT) String client) {
        JsonNode answer = server.delete(queue(tenant, client) + "/connection");
        print(answer.path("disconnected").asBoolean() ? "disconnected" : "was not connected");
    }

    @Command(name = "delete", description = "End a client's session with its queue, subscriptions and connection")
    void delete(
            @Mixin RestService server,
            @Option(names = "--tenant", paramLabel = "TENANT", required = true, description = TENANT) String tenant,
            @Parameters(paramLabel = "CLIENT-ID", description = CLIENT) String client) {
        server.delete(queue(tenant, client));
        print("deleted " + PayloadText.printable(client));
    }

    private static String queues(String tenant) {
        return "/api/tenants/" + RestService.encoded(tenant) + "/queues";
    }

    private static String queue(String tenant, String client) {
        return queues(tenant) + "/" + RestService.encoded(client);
    }

    /// A client that is called like a shared subscription is reached by REST only.
    private static String queueOrGroup(String tenant, String name) {
        int slash = name.indexOf('/', SHARED.length());
        if (!name.startsWith(SHARED) || slash < 0) {
            return queue(tenant, name);
        }
        return "/api/tenants/" + RestService.encoded(tenant) + "/groups/"
                + RestService.encoded(name.substring(SHARED.length(), slash)) + "/"
                + RestService.encoded(name.substring(slash + 1));
    }

    private static String text(JsonNode object, String field) {
        return PayloadText.printable(object.path(field).asString(""));
    }

    private static String numbers(JsonNode queue) {
        String full = queue.has("secondsToFull")
                ? "full in " + queue.path("secondsToFull").asLong() + "s"
                : "not filling";
        return queue.path("messages").asInt() + "/"
                + queue.path("limitMessages").asInt() + " messages\t"
                + queue.path("bytes").asLong() + "/" + queue.path("limitBytes").asLong() + " bytes\t"
                + "oldest " + (queue.path("oldestIsOlder").asBoolean() ? ">" : "")
                + queue.path("oldestSeconds").asLong() + "s\t"
                + "in " + queue.path("inPerSecond").asDouble() + "/s\tout "
                + queue.path("outPerSecond").asDouble() + "/s\t" + full + "\t"
                + queue.path("droppedTotal").asLong() + " dropped";
    }

    private void print(String line) {
        spec.commandLine().getOut().println(line);
    }
}
