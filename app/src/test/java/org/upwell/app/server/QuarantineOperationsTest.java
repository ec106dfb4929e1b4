// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.upwell.app.server.FieldPeer.MAC;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.access.Mac;
import org.upwell.app.config.UpwellConfig;

/// A device that belongs to nobody, looked at by command; then it is given to a tenant.
@Timeout(60)
class QuarantineOperationsTest {

    @TempDir
    private Path directory;

    private UpwellServer server;
    private Operator operator;
    private FieldPeer nic;

    @BeforeEach
    void start() throws Exception {
        Path file = directory.resolve("upwell.yaml");
        Files.writeString(file, """
                data-directory: DATA
                mqtt: {listeners: [{name: tcp, port: 0}]}
                http: {port: 0}
                https: {port: 0}
                gateway:
                  coap: {port: 0}
                  field: {port: 0}
                """.replace("DATA", directory.resolve("data").toString()));
        server = UpwellServer.start(UpwellConfig.load(file), InstantSource.system());
        operator = Operator.of(server, directory);
        nic = FieldPeer.at(server.gateway().orElseThrow().fieldAddresses().getFirst());
    }

    @AfterEach
    void stop() {
        nic.close();
        server.close();
    }

    private String run(String... arguments) {
        return operator.run(server.httpAddress().getPort(), arguments);
    }

    @Test
    void messagesAreShownAndReleased() throws Exception {
        nic.register();
        nic.bubbleUp(1);

        assertThat(run("quarantine", "list")).matches("0\\R" + MAC + "\t1 messages\t8 bytes\t20\\d\\d-.*\\s+");
        assertThat(run("quarantine", "show", MAC)).contains("read\t/snsr/arduino/temp?sens\tboot 1\tnumber 1\t8 bytes");
        server.access().directory().tenants().add("acme");
        server.access().directory().devices().add(Mac.parse(MAC), "acme");
        await().until(() -> run("quarantine", "list").equals("0\n"));
        assertThat(run("quarantine", "discard", MAC)).startsWith("0\ndiscarded 0 messages");
    }
}
