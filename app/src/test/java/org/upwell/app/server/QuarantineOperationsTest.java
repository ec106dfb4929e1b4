// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Set;
import org.eclipse.californium.core.CoapClient;
import org.eclipse.californium.core.CoapResponse;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.access.Mac;
import org.upwell.app.cli.CommandLineTool;
import org.upwell.app.cli.Terminal;
import org.upwell.app.config.UpwellConfig;
import org.upwell.gateway.coap.CoapListener;
import org.upwell.gateway.coap.CoapTimes;

/// A device that belongs to nobody, looked at by command; then it is given to a tenant.
@Timeout(60)
class QuarantineOperationsTest {

    private static final String MAC = "001350050047dd92";

    @TempDir
    private Path directory;

    private UpwellServer server;
    private CoapEndpoint nic;

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
        server.access().directory().users().add("root", "geheim", Set.of("ADMIN"));
        nic = new CoapEndpoint.Builder()
                .setConfiguration(CoapListener.configuration(CoapTimes.DEFAULT))
                .setInetSocketAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .build();
        nic.start();
    }

    @AfterEach
    void stop() {
        nic.destroy();
        server.close();
    }

    private CoapResponse post(String pathAndQuery, String payload) throws Exception {
        InetSocketAddress field =
                server.gateway().orElseThrow().fieldAddresses().getFirst();
        CoapClient client = new CoapClient("coap://127.0.0.1:" + field.getPort() + "/" + pathAndQuery);
        client.setEndpoint(nic);
        return client.post(payload, 0);
    }

    private String run(String... arguments) throws Exception {
        Path password = Files.writeString(directory.resolve("password"), "geheim");
        StringWriter out = new StringWriter();
        String[] all = Arrays.copyOf(arguments, arguments.length + 6);
        String[] server = {
            "--url",
            "http://127.0.0.1:" + this.server.httpAddress().getPort(),
            "--user",
            "root",
            "--password-file",
            password.toString()
        };
        System.arraycopy(server, 0, all, arguments.length, server.length);
        int exitCode = CommandLineTool.run(new Terminal(new PrintWriter(out), new PrintWriter(out)), all);
        assertThat(exitCode).as(out.toString()).isZero();
        return out.toString();
    }

    @Test
    void messagesAreShownAndReleased() throws Exception {
        assertThat(post("nic?mac=" + MAC + "&boot=1", "").isSuccess()).isTrue();
        assertThat(post("bubbleup/read?mac=" + MAC + "&uri=/snsr/arduino/temp?sens&boot=1&seq=1", "1,2.00,C")
                        .isSuccess())
                .isTrue();

        assertThat(run("quarantine", "list")).matches(MAC + "\t1 messages\t8 bytes\t20\\d\\d-.*\\s+");
        assertThat(run("quarantine", "show", MAC)).contains("read\t/snsr/arduino/temp?sens\tboot 1\tnumber 1\t8 bytes");
        server.access().directory().tenants().add("acme");
        server.access().directory().devices().add(Mac.parse(MAC), "acme");
        await().until(() -> run("quarantine", "list").isEmpty());
        assertThat(run("quarantine", "discard", MAC)).startsWith("discarded 0 messages");
    }
}
