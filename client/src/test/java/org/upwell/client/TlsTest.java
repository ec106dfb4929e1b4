// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.upwell.client.ClientFixture.await;
import static org.upwell.client.ClientFixture.awaitFailure;
import static org.upwell.client.ClientFixture.message;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.codec.ConnAck;
import org.upwell.codec.QoS;

/// TLS against the platform's own server side, with certificates that the JDK's keytool makes for this run.
@Timeout(60)
class TlsTest {

    @TempDir
    private static Path directory;

    private static Certificate localhost;
    private static Certificate elsewhere;

    /// A key in a key store, and its certificate, signed by itself, as PEM.
    private record Certificate(Path keyStore, Path pem) {

        private static final String PASSWORD = "changeit";

        static Certificate make(String name, String subjectAlternativeName) throws Exception {
            Path keyStore = directory.resolve(name + ".p12");
            Path log = directory.resolve(name + ".log");
            String keytool =
                    Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
            Process process = new ProcessBuilder(
                            keytool,
                            "-genkeypair",
                            "-alias",
                            name,
                            "-keyalg",
                            "EC",
                            "-dname",
                            "CN=" + name,
                            "-ext",
                            "san=" + subjectAlternativeName,
                            "-validity",
                            "2",
                            "-storetype",
                            "PKCS12",
                            "-keystore",
                            keyStore.toString(),
                            "-storepass",
                            PASSWORD)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).as(Files.readString(log)).isZero();
            byte[] der = load(keyStore).getCertificate(name).getEncoded();
            Path pem = directory.resolve(name + ".pem");
            Files.writeString(
                    pem,
                    "-----BEGIN CERTIFICATE-----\n"
                            + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
                            + "\n-----END CERTIFICATE-----\n");
            return new Certificate(keyStore, pem);
        }

        private static KeyStore load(Path file) throws GeneralSecurityException, IOException {
            return KeyStore.getInstance(file.toFile(), PASSWORD.toCharArray());
        }

        FakeServer server() throws GeneralSecurityException, IOException {
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(load(keyStore), PASSWORD.toCharArray());
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), null, null);
            return new FakeServer(
                    context.getServerSocketFactory().createServerSocket(0, 10, InetAddress.getLoopbackAddress()));
        }
    }

    @BeforeAll
    static void makeCertificates() throws Exception {
        localhost = Certificate.make("localhost", "dns:localhost,ip:127.0.0.1");
        elsewhere = Certificate.make("elsewhere", "dns:elsewhere.example");
    }

    private static ClientOptions.Builder options(FakeServer server, ClientTls tls) {
        return ClientOptions.builder("127.0.0.1", server.port()).tls(tls);
    }

    private static void assertTalks(FakeServer server, ClientOptions.Builder options) throws IOException {
        try (MqttClient client = new MqttClient(options.build())) {
            CompletionStage<ConnAck> connected = client.connect();
            FakeServer.Peer peer = server.acceptSession(false);
            await(connected);
            client.publish(message("secret", QoS.AT_LEAST_ONCE, 0, false));
            peer.expect(message("secret", QoS.AT_LEAST_ONCE, 1, false));
        }
    }

    private static MqttException assertRefuses(FakeServer server, ClientTls tls) throws IOException {
        try (MqttClient client = new MqttClient(options(server, tls).build())) {
            CompletionStage<ConnAck> connected = client.connect();
            FakeServer.Peer peer = server.accept();
            // The handshake needs both sides; the server's fails in its turn.
            Thread.ofVirtual().start(() -> {
                try {
                    peer.read();
                } catch (IOException expected) {
                    assertThat(expected).isNotNull();
                }
            });
            return awaitFailure(connected);
        }
    }

    @Test
    void aTrustedServerIsTalkedTo() throws Exception {
        try (FakeServer server = localhost.server()) {
            assertTalks(server, options(server, ClientTls.trusting(localhost.pem)));
        }
    }

    @Test
    void aStrangerIsNotTrusted() throws Exception {
        try (FakeServer server = localhost.server()) {
            assertThat(assertRefuses(server, ClientTls.trusting(elsewhere.pem)))
                    .hasMessageContaining("TLS handshake failed");
            assertThat(assertRefuses(server, ClientTls.platform())).hasMessageContaining("TLS handshake failed");
        }
    }

    @Test
    void aTrustedCertificateForAnotherNameIsRefusedUnlessNamesDoNotMatter() throws Exception {
        try (FakeServer server = elsewhere.server()) {
            assertThat(assertRefuses(server, ClientTls.trusting(elsewhere.pem)))
                    .hasMessageContaining("TLS handshake failed");
            assertTalks(server, options(server, new ClientTls(elsewhere.pem, false, null, null)));
        }
    }

    @Test
    void aTrustFileThatIsMissingIsNamed() throws Exception {
        try (FakeServer server = localhost.server();
                MqttClient client = new MqttClient(options(server, ClientTls.trusting(Path.of("no-such.pem")))
                        .build())) {
            assertThat(awaitFailure(client.connect())).hasMessageContaining("no-such.pem");
        }
    }
}
