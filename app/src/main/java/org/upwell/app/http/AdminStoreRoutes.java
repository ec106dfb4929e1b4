// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.broker.journal.Journal;
import org.upwell.broker.journal.JournalStat;
import org.upwell.broker.store.StoreCondition;
import org.upwell.broker.store.StoreException;

/// Administration of the durable store while it is in use: its numbers, and backups.
public final class AdminStoreRoutes implements Routes {

    private static final Logger LOG = LoggerFactory.getLogger(AdminStoreRoutes.class);

    private static final String STORE = "/api/admin/store";

    /// A backup's name is a folder's, so it can lead nowhere else.
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

    private record StoreView(StoreCondition condition, JournalStat numbers) {}

    private record BackupView(String name, String directory) {}

    private final Journal journal;
    private final Path backups;
    private final Callers callers;

    /// @param backups where backups are put, each in a folder of its own
    public AdminStoreRoutes(Journal journal, Path backups, Callers callers) {
        this.journal = journal;
        this.backups = backups;
        this.callers = callers;
    }

    @Override
    public void addTo(HttpRules rules) {
        rules.get(STORE, this::show).put(STORE + "/backups/{name}", this::backup);
    }

    private void show(ServerRequest request, ServerResponse response) {
        callers.administrator(request);
        Json.send(response, 200, new StoreView(journal.condition(), journal.stat()));
    }

    private void backup(ServerRequest request, ServerResponse response) {
        callers.administrator(request);
        String name = request.path().pathParameters().get("name");
        if (!NAME.matcher(name).matches()) {
            throw HttpFault.badRequest("a backup's name has 1 to 64 letters, digits, '.', '_' and '-'");
        }
        Path target = backups.resolve(name);
        if (Files.exists(target)) {
            throw HttpFault.conflict("there is a backup of that name");
        }
        try {
            Files.createDirectories(backups);
            journal.backupTo(target);
        } catch (IOException | StoreException e) {
            LOG.warn("backup to {} failed", target, e);
            throw HttpFault.unavailable("the backup could not be made: the server's log says why");
        }
        Json.send(response, 201, new BackupView(name, target.toString()));
    }
}
