// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.eclipse.californium.core.coap.CoAP.Code;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.elements.AddressEndpointContext;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.config.SystemConfig;
import org.eclipse.californium.elements.config.UdpConfig;
import org.eclipse.californium.scandium.DTLSConnector;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.config.DtlsConnectorConfig;
import org.eclipse.californium.scandium.dtls.CertificateType;
import org.eclipse.californium.scandium.dtls.pskstore.AdvancedSinglePskStore;
import org.eclipse.californium.scandium.dtls.x509.StaticNewAdvancedCertificateVerifier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.app.config.UpwellConfig;
import org.upwell.app.tls.DevelopmentCertificates;
import org.upwell.app.tls.PemFiles;

/// DTLS as the configuration opens it, with certificates and with keys.
@Timeout(60)
class CoapsTest {

    private static final String KEY = "000102030405060708090a0b0c0d0e0f";

    @TempDir
    private Path directory;

    private DevelopmentCertificates certificates;
    private UpwellServer server;

    @BeforeEach
    void start() throws Exception {
        Files.writeString(directory.resolve("psk"), "acme " + KEY + "\n");
        certificates = DevelopmentCertificates.ensure(directory.resolve("pki"), InstantSource.system());
        Path file = Files.writeString(directory.resolve("upwell.yaml"), """
                data-directory: DIR/data
                mqtt: {listeners: [{name: tcp, port: 0}]}
                http: {port: 0}
                https: {port: 0}
                gateway:
                  coap: {port: 0}
                  field: {port: 0}
                  coaps: {port: 0, keys-file: DIR/psk, certificate: "CERT", key: "KEY"}
                """.replace("DIR", directory.toString())
                .replace("CERT", certificates.server().certificate().toString())
                .replace("KEY", certificates.server().key().toString()));
        server = UpwellServer.start(UpwellConfig.load(file), InstantSource.system());
        server.access().directory().users().add("olga", "geheim", Set.of("OPERATOR"));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private static DtlsConnectorConfig.Builder client() {
        Configuration configuration = new Configuration(
                CoapConfig.DEFINITIONS, UdpConfig.DEFINITIONS, SystemConfig.DEFINITIONS, DtlsConfig.DEFINITIONS);
        configuration.set(DtlsConfig.DTLS_ROLE, DtlsConfig.DtlsRole.CLIENT_ONLY);
        return new DtlsConnectorConfig.Builder(configuration)
                .setAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    /// A login in the old form.
    private String login(DtlsConnectorConfig.Builder dtls) throws Exception {
        DtlsConnectorConfig config = dtls.build();
        CoapEndpoint client = new CoapEndpoint.Builder()
                .setConfiguration(config.getConfiguration())
                .setConnector(new DTLSConnector(config))
                .build();
        client.start();
        try {
            Request request = new Request(Code.POST);
            request.getOptions().setUriPath("sessions").addUriQuery("user=olga").addUriQuery("pass=geheim");
            request.setDestinationContext(new AddressEndpointContext(
                    server.gateway().orElseThrow().securedAddresses().getFirst()));
            client.sendRequest(request);
            Response response = request.waitForResponse(20_000);
            return response == null ? "nothing" : response.getCode().text;
        } finally {
            client.destroy();
        }
    }

    @Test
    void clientThatTrustsTheCertificateLogsIn() throws Exception {
        List<X509Certificate> trusted = PemFiles.certificates(certificates.authority());
        assertThat(login(client().setAdvancedCertificateVerifier(new StaticNewAdvancedCertificateVerifier.Builder()
                        .setTrustedCertificates(trusted.toArray(X509Certificate[]::new))
                        .setSupportedCertificateTypes(List.of(CertificateType.X_509))
                        .build())))
                .isEqualTo("2.01");
    }

    @Test
    void clientWithAKeyLogsIn() throws Exception {
        byte[] key = HexFormat.of().parseHex(KEY);
        assertThat(login(client().setAdvancedPskStore(new AdvancedSinglePskStore("acme", key))))
                .isEqualTo("2.01");
        assertThat(login(client().setAdvancedPskStore(new AdvancedSinglePskStore("globex", key))))
                .isEqualTo("nothing");
    }
}
