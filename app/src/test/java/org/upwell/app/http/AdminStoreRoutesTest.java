// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.upwell.access.login.Access;
import org.upwell.broker.journal.Journal;
import org.upwell.broker.journal.JournalSettings;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.GroupRecord;
import org.upwell.broker.store.Recovery;
import org.upwell.broker.store.SessionRecord;

@Timeout(60)
class AdminStoreRoutesTest {

    @TempDir
    private Path data;

    private Journal journal;
    private TestServer server;

    @BeforeEach
    void start() throws Exception {
        journal = Journal.open(JournalSettings.of(data.resolve("journal")).withSegmentBytes(64 << 10));
        journal.recover(new Sessions());
        server = new TestServer(data, this::routes);
    }

    private List<Routes> routes(Access access) {
        return List.of(new AdminStoreRoutes(journal, data.resolve("backups"), new Callers(access.authenticator())));
    }

    @AfterEach
    void stop() {
        server.close();
        journal.close();
    }

    private static final class Sessions implements Recovery {
        private int count;

        @Override
        public void session(StoredSession session) {
            count++;
        }

        @Override
        public void group(long number, GroupRecord group) {}

        @Override
        public void queued(long session, QueueEntry entry) {}

        @Override
        public void retained(long sequence, Message message) {}
    }

    private void put(String clientId) {
        SessionKey key = new SessionKey("acme", clientId);
        journal.putSession(SessionRecord.of(key, "name", Set.of(), 60, 0), Commit.NONE);
    }

    @Test
    void numbersAreShown() throws Exception {
        TestServer.Answer answer = server.admin("GET", "store").send();
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.text("condition")).isEqualTo("READY");
        assertThat(answer.json().get("numbers").get("segments").asInt()).isPositive();
    }

    @Test
    void backupIsMadeOnceUnderItsNameAndOpensAsAStore() throws Exception {
        put("one");
        TestServer.Answer made = server.admin("PUT", "store/backups/monday").send();
        assertThat(made.status()).as(made.body()).isEqualTo(201);
        assertThat(made.text("name")).isEqualTo("monday");
        Path directory = Path.of(made.text("directory"));
        assertThat(directory).isEqualTo(data.resolve("backups/monday"));
        put("two");

        assertThat(server.admin("PUT", "store/backups/monday").send().status()).isEqualTo(409);
        Sessions found = new Sessions();
        try (Journal copy = Journal.open(JournalSettings.of(directory).withSegmentBytes(64 << 10))) {
            copy.recover(found);
        }
        assertThat(found.count).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"..", ".", ".hidden", "%2e%2e", "a%2fb", "..%2fescape", "-option", "a%20b", "%00"})
    void namesThatCouldLeadElsewhereAreRefused(String name) throws Exception {
        assertThat(server.admin("PUT", "store/backups/" + name).send().status()).isIn(400, 404, 405);
        assertThat(data.resolve("escape")).doesNotExist();
        assertThat(data.resolve("backups")).doesNotExist();
    }

    @Test
    void onlyAdministratorsMay() throws Exception {
        server.access.directory().users().add("olga", "geheim", Set.of("OPERATOR"));
        for (String path : List.of("GET store", "PUT store/backups/b")) {
            String[] parts = path.split(" ", -1);
            assertThat(server.call(parts[0], "/api/admin/" + parts[1]).send().status())
                    .as(path)
                    .isEqualTo(401);
            assertThat(server.call(parts[0], "/api/admin/" + parts[1])
                            .header("Authorization", TestServer.basic("olga", "geheim"))
                            .send()
                            .status())
                    .as(path)
                    .isEqualTo(403);
        }
        assertThat(Files.exists(data.resolve("backups"))).isFalse();
    }

    @Test
    void backupThatCannotBeMadeIsSaidSo() throws Exception {
        Files.writeString(data.resolve("backups"), "a file in the way");
        assertThat(server.admin("PUT", "store/backups/monday").send().error()).startsWith("503 ");
    }
}
