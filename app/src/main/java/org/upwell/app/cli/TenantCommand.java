// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.upwell.access.registry.IssuedClient;
import org.upwell.access.registry.Tenant;
import org.upwell.access.registry.TenantClient;
import org.upwell.app.payload.PayloadText;
import org.upwell.broker.store.SessionRecord.QueueLimit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The tenants and the client IDs that their programs exchange for tokens.
@Command(name = "tenant", description = "Add, list and remove tenants and their client IDs")
final class TenantCommand implements Runnable {
    private static final String TENANT = "The tenant's ID, the first level of its topics";

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before run
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "Name what to do: add, list, remove, add-client, remove-client or limit-queues");
    }

    @Command(name = "add", description = "Add a tenant and a first client ID; its secret is shown this once")
    void add(
            @Mixin DirectoryOptions directory,
            @Parameters(paramLabel = "TENANT", description = TENANT) String tenant,
            @Option(
                            names = "--role",
                            paramLabel = "ROLE",
                            description = "What the client's tokens assert; may be repeated (default: reads, alerts,"
                                    + " presence and app topics)")
                    @Nullable
                    List<String> roles) {
        IssuedClient client = directory.with(access -> access.tenants().add(tenant, setOf(roles)));
        print("tenant: " + tenant);
        printClient(client);
    }

    @Command(name = "add-client", description = "Add a client ID to a tenant; its secret is shown this once")
    void addClient(
            @Mixin DirectoryOptions directory,
            @Parameters(paramLabel = "TENANT", description = TENANT) String tenant,
            @Option(names = "--role", paramLabel = "ROLE", description = "What the client's tokens assert") @Nullable
                    List<String> roles,
            @Mixin QueueLimitOptions queue) {
        IssuedClient client =
                directory.with(access -> access.tenants().addClient(tenant, setOf(roles), queue.limit(spec)));
        printClient(client);
    }

    @Command(
            name = "limit-queues",
            description = "Say how much tokens of the tenant may claim for a client's queue; without options they may"
                    + " claim no more than their roles give")
    void limitQueues(
            @Mixin DirectoryOptions directory,
            @Parameters(paramLabel = "TENANT", description = TENANT) String tenant,
            @Mixin QueueLimitOptions queue) {
        QueueLimit most = queue.limit(spec);
        directory.with(access -> {
            access.tenants().limitQueues(tenant, most);
            return tenant;
        });
        print("queues of " + PayloadText.printable(tenant) + ": "
                + (most == null
                        ? "as their roles give"
                        : "at most " + most.messages() + " messages and " + most.bytes() + " bytes"));
    }

    @Command(name = "remove-client", description = "Remove a client ID from a tenant; its tokens live out their hour")
    void removeClient(
            @Mixin DirectoryOptions directory,
            @Parameters(paramLabel = "TENANT", description = TENANT) String tenant,
            @Parameters(paramLabel = "CLIENT-ID", description = "The client ID") String clientId) {
        directory.with(access -> {
            access.tenants().removeClient(tenant, clientId);
            return clientId;
        });
        print("removed client " + PayloadText.printable(clientId));
    }

    @Command(name = "list", description = "List the tenants: ID, enabled or disabled, number of devices, client IDs")
    void list(@Mixin DirectoryOptions directory) {
        directory.with(access -> {
            for (Tenant tenant : access.tenants().list()) {
                print(tenant.id() + "\t" + (tenant.enabled() ? "enabled" : "disabled") + "\t"
                        + access.devices().devicesOf(tenant.id()).size() + " devices\t"
                        + tenant.clients().stream().map(TenantClient::clientId).collect(Collectors.joining(",")));
            }
            return true;
        });
    }

    @Command(name = "remove", description = "Remove a tenant that has no devices")
    void remove(
            @Mixin DirectoryOptions directory, @Parameters(paramLabel = "TENANT", description = TENANT) String tenant) {
        directory.with(access -> {
            access.tenants().remove(tenant);
            return tenant;
        });
        print("removed tenant " + PayloadText.printable(tenant));
    }

    private static Set<String> setOf(@Nullable List<String> roles) {
        return roles == null ? Set.of() : Set.copyOf(roles);
    }

    private void printClient(IssuedClient client) {
        print("client-id: " + client.clientId());
        print("client-secret: " + client.clientSecret());
    }

    private void print(String line) {
        spec.commandLine().getOut().println(line);
    }
}
