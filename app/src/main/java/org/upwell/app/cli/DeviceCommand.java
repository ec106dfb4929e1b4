// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.upwell.access.Mac;
import org.upwell.access.TenantId;
import org.upwell.access.registry.AccessDirectory;
import org.upwell.access.registry.Tenant;
import org.upwell.app.payload.PayloadText;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/// The devices and whose they are.
@Command(name = "device", description = "Add, list, move and remove devices")
final class DeviceCommand implements Runnable {
    private static final String MACS = "Addresses of devices, 16 hex digits each";

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before run
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Name what to do: add, list, move or remove");
    }

    @Command(name = "add", description = "Give devices to a tenant")
    void add(
            @Mixin DirectoryOptions directory,
            @Option(names = "--tenant", paramLabel = "TENANT", required = true, description = "Whose they are")
                    String tenant,
            @Parameters(paramLabel = "MAC", arity = "1..*", converter = MacConverter.class, description = MACS)
                    List<Mac> macs) {
        directory.with(access -> {
            access.devices().addAll(macs, tenant);
            return true;
        });
        print("added " + count(macs) + " to " + tenant);
    }

    @Command(name = "list", description = "List the devices with their tenants")
    void list(
            @Mixin DirectoryOptions directory,
            @Option(names = "--tenant", paramLabel = "TENANT", description = "Only this tenant's") @Nullable
                    String tenant) {
        directory.with(access -> {
            if (tenant != null
                    && !tenant.equals(TenantId.INTERNAL)
                    && access.tenants().find(tenant).isEmpty()) {
                throw new CommandFailure("there is no tenant '" + PayloadText.printable(tenant) + "'");
            }
            Stream<String> tenants = tenant != null ? Stream.of(tenant) : owners(access);
            tenants.forEach(owner -> access.devices().devicesOf(owner).forEach(mac -> print(mac + "\t" + owner)));
            return true;
        });
    }

    private static Stream<String> owners(AccessDirectory access) {
        return Stream.concat(
                Stream.of(TenantId.INTERNAL), access.tenants().list().stream().map(Tenant::id));
    }

    @Command(name = "move", description = "Give a device of one tenant to another")
    void move(
            @Mixin DirectoryOptions directory,
            @Option(names = "--tenant", paramLabel = "TENANT", required = true, description = "The new owner")
                    String tenant,
            @Parameters(paramLabel = "MAC", converter = MacConverter.class, description = "The device's address")
                    Mac mac) {
        directory.with(access -> {
            access.devices().move(mac, tenant);
            return true;
        });
        print("moved " + mac + " to " + tenant);
    }

    @Command(name = "remove", description = "Remove devices from their tenants")
    void remove(
            @Mixin DirectoryOptions directory,
            @Parameters(paramLabel = "MAC", arity = "1..*", converter = MacConverter.class, description = MACS)
                    List<Mac> macs) {
        directory.with(access -> {
            access.devices().removeAll(macs);
            return true;
        });
        print("removed " + count(macs));
    }

    private static String count(List<Mac> macs) {
        return macs.size() == 1 ? "device " + macs.getFirst() : macs.size() + " devices";
    }

    private void print(String line) {
        spec.commandLine().getOut().println(line);
    }

    /// Reads a device's address.
    static final class MacConverter implements ITypeConverter<Mac> {
        @Override
        public Mac convert(String text) {
            try {
                return Mac.parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        }
    }
}
