// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.registry;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.access.file.SharedDirectory;
import org.upwell.access.file.WatchedFile;
import org.upwell.access.role.RoleFile;
import org.upwell.access.role.RoleTable;

/// Everything that access knows, in the folder `access` of the data directory: users, tenants, devices and the role
/// table. Several processes may use one directory at once; each sees what the others change within [#WATCH_PERIOD]
/// or so once it watches. Safe for all threads.
public final class AccessDirectory implements AutoCloseable {

    /// How often files are looked at for changes by other processes.
    public static final Duration WATCH_PERIOD = Duration.ofSeconds(1);

    private static final Logger LOG = LoggerFactory.getLogger(AccessDirectory.class);
    private static final String FOLDER = "access";

    private final SharedDirectory files;
    private final WatchedFile<RoleTable> roles;
    private final Users users;
    private final Tenants tenants;
    private final DeviceRegistry devices;
    private final List<Consumer<AccessChange>> listeners = new CopyOnWriteArrayList<>();

    private AccessDirectory(SharedDirectory files) throws IOException {
        this.files = files;
        this.roles = files.watched(RoleFile.NAME, RoleFile::parse, RoleTable.defaults());
        this.users = new Users(files, roles::value, this::tell);
        var deviceFile = DeviceRegistry.open(files);
        this.tenants = new Tenants(files, deviceFile, roles::value, this::tell);
        this.devices = new DeviceRegistry(files, deviceFile, tenants, this::tell);
        roles.onChange((_, _) -> tell(new AccessChange.RolesChanged()));
    }

    /// Opens the folder, made if it does not exist, and reads all files.
    ///
    /// @throws org.upwell.access.file.BrokenFileException if a file is bad, with each fault and its line
    public static AccessDirectory open(Path dataDirectory) throws IOException {
        SharedDirectory files = SharedDirectory.open(dataDirectory.resolve(FOLDER));
        try {
            return new AccessDirectory(files);
        } catch (IOException e) {
            files.close();
            throw e;
        }
    }

    /// Begins to look for changes by other processes.
    public void watch() {
        watch(WATCH_PERIOD);
    }

    /// Begins to look for changes by other processes, as often as that.
    public void watch(Duration period) {
        files.watch(period);
    }

    public Users users() {
        return users;
    }

    public Tenants tenants() {
        return tenants;
    }

    public DeviceRegistry devices() {
        return devices;
    }

    /// The newest role table.
    public RoleTable roles() {
        return roles.value();
    }

    /// The folder itself, for files of other parts of access.
    public SharedDirectory files() {
        return files;
    }

    /// Calls `listener` after each change, whichever process made it. Runs on this directory's own thread, in
    /// order; must not block.
    public void addListener(Consumer<AccessChange> listener) {
        listeners.add(listener);
    }

    private void tell(AccessChange change) {
        for (Consumer<AccessChange> listener : listeners) {
            try {
                listener.accept(change);
            } catch (RuntimeException e) {
                LOG.error("A listener for {} failed", change, e);
            }
        }
    }

    /// Stops watching and telling.
    @Override
    public void close() {
        files.close();
    }
}
