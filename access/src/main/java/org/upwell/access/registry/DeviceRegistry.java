// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.registry;

import java.io.IOException;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.upwell.access.DeviceOwners;
import org.upwell.access.Mac;
import org.upwell.access.file.SharedDirectory;
import org.upwell.access.file.SharedFile;

/// Which device belongs to which tenant, kept in `devices.json`. A device has one owner at a time. Reading answers
/// from memory; a change is on disk when the call returns. Safe for all threads; changes block, so not on an event
/// loop.
///
/// Each change writes the whole file: take [#addAll] for many devices.
public final class DeviceRegistry implements DeviceOwners {

    /// A device and whose it is.
    public record OwnedDevice(Mac mac, String tenant) {}

    private final SharedDirectory directory;
    private final SharedFile<DeviceMap> file;
    private final Tenants tenants;

    DeviceRegistry(
            SharedDirectory directory, SharedFile<DeviceMap> file, Tenants tenants, Consumer<AccessChange> changes) {
        this.directory = directory;
        this.file = file;
        this.tenants = tenants;
        file.onChange((before, after) -> tell(before, after, changes));
    }

    static SharedFile<DeviceMap> open(SharedDirectory directory) throws IOException {
        return directory.shared("devices.json", DeviceMap::parse, DeviceMap::write, DeviceMap.EMPTY);
    }

    @Override
    public Optional<String> ownerOf(Mac mac) {
        return Optional.ofNullable(file.value().owners().get(mac));
    }

    /// In the order of their addresses; none for a tenant that does not exist.
    public List<Mac> devicesOf(String tenant) {
        return file.value().of(tenant);
    }

    /// The first devices of all tenants behind `after` in the order of their addresses, to go through them in
    /// portions.
    ///
    /// @param after null to begin
    /// @param tenant whose devices only; null for all
    public List<OwnedDevice> list(@Nullable Mac after, @Nullable String tenant, int limit) {
        return file.value().owners().entrySet().stream()
                .filter(entry -> after == null || entry.getKey().compareTo(after) > 0)
                .filter(entry -> tenant == null || entry.getValue().equals(tenant))
                .map(entry -> new OwnedDevice(entry.getKey(), entry.getValue()))
                .sorted(Comparator.comparing(OwnedDevice::mac))
                .limit(limit)
                .toList();
    }

    public int size() {
        return file.value().owners().size();
    }

    /// Gives a device to a tenant; nothing happens if it has it already.
    ///
    /// @throws RegistryException if there is no such tenant, or the device belongs to another
    public void add(Mac mac, String tenant) throws IOException {
        addAll(Set.of(mac), tenant);
    }

    /// Gives many devices to a tenant in one write; all or, if one belongs to another tenant, none.
    ///
    /// @throws RegistryException if there is no such tenant, or one of the devices belongs to another
    public void addAll(Collection<Mac> macs, String tenant) throws IOException {
        update(tenant, map -> {
            for (Mac mac : macs) {
                String owner = map.owners().get(mac);
                if (owner != null && !owner.equals(tenant)) {
                    throw RegistryException.conflict("device " + mac + " belongs to another tenant");
                }
            }
            return map.owners().keySet().containsAll(macs)
                    ? map
                    : map.with(owners -> macs.forEach(mac -> owners.put(mac, tenant)));
        });
    }

    /// Gives a device that belongs to some tenant to another one. From the return on, [#ownerOf] tells the new
    /// owner.
    ///
    /// @throws RegistryException if there is no such device or tenant
    public void move(Mac mac, String tenant) throws IOException {
        update(tenant, map -> {
            String owner = map.owners().get(mac);
            if (owner == null) {
                throw noSuchDevice(mac);
            }
            return owner.equals(tenant) ? map : map.with(owners -> owners.put(mac, tenant));
        });
    }

    /// @throws RegistryException if there is no such device
    public void remove(Mac mac) throws IOException {
        removeAll(Set.of(mac));
    }

    /// Removes many devices in one write; all or, if one is not there, none.
    ///
    /// @throws RegistryException if there is no such device
    public void removeAll(Collection<Mac> macs) throws IOException {
        file.update(map -> {
            for (Mac mac : macs) {
                if (!map.owners().containsKey(mac)) {
                    throw noSuchDevice(mac);
                }
            }
            return map.with(owners -> owners.keySet().removeAll(macs));
        });
    }

    private void update(String tenant, SharedFile.Change<DeviceMap> change) throws IOException {
        directory.locked(() -> {
            tenants.requireNow(tenant);
            return file.update(change);
        });
    }

    private static RegistryException noSuchDevice(Mac mac) {
        return RegistryException.notFound("there is no device " + mac);
    }

    private static void tell(DeviceMap before, DeviceMap after, Consumer<AccessChange> changes) {
        Set<Mac> macs = new HashSet<>(before.owners().keySet());
        macs.addAll(after.owners().keySet());
        for (Mac mac : macs) {
            String from = before.owners().get(mac);
            String to = after.owners().get(mac);
            if (!Objects.equals(from, to)) {
                changes.accept(new AccessChange.DeviceChanged(mac, from, to));
            }
        }
    }
}
