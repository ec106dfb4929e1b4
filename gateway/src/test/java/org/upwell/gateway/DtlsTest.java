// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.upwell.gateway.GatewayFixture.MAC;
import static org.upwell.gateway.GatewayFixture.OTHER_TOKEN;
import static org.upwell.gateway.GatewayFixture.TOKEN;

import java.net.DatagramPacket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
import org.eclipse.californium.scandium.dtls.pskstore.AdvancedSinglePskStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.gateway.dtls.DtlsSettings;
import org.upwell.gateway.event.GatewayEvent;

/// Applications that come under DTLS with a pre-shared key: their sessions belong to the DTLS session, not to where
/// its datagrams come from.
@Timeout(60)
class DtlsTest {

    private static final byte[] KEY = "sixteen bytes ok".getBytes(StandardCharsets.US_ASCII);

    private final List<CoapEndpoint> clients = new ArrayList<>();
    private GatewayFixture fixture;

    @BeforeEach
    void start() {
        InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        fixture = new GatewayFixture(GatewayFixture.config()
                .withSecured(new GatewayConfig.Secured(
                        anyPort, new DtlsSettings(Map.of("acme", KEY), Optional.empty(), List.of()))));
    }

    @AfterEach
    void stop() {
        clients.forEach(CoapEndpoint::destroy);
        fixture.close();
    }

    private InetSocketAddress gateway() {
        return fixture.gateway.securedAddresses().getFirst();
    }

    private CoapEndpoint client(byte[] key) throws Exception {
        return client(key, 0);
    }

    private CoapEndpoint client(byte[] key, int port) throws Exception {
        Configuration configuration = new Configuration(
                CoapConfig.DEFINITIONS, UdpConfig.DEFINITIONS, SystemConfig.DEFINITIONS, DtlsConfig.DEFINITIONS);
        configuration.set(DtlsConfig.DTLS_ROLE, DtlsConfig.DtlsRole.CLIENT_ONLY);
        configuration.set(DtlsConfig.DTLS_CONNECTION_ID_LENGTH, 0);
        DtlsConnectorConfig.Builder dtls = new DtlsConnectorConfig.Builder(configuration)
                .setAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .setAdvancedPskStore(new AdvancedSinglePskStore("acme", key));
        CoapEndpoint client = new CoapEndpoint.Builder()
                .setConfiguration(configuration)
                .setConnector(new DTLSConnector(dtls.build()))
                .build();
        client.start();
        clients.add(client);
        return client;
    }

    private static String ask(CoapEndpoint client, InetSocketAddress to, Request request) throws Exception {
        request.setDestinationContext(new AddressEndpointContext(to));
        client.sendRequest(request);
        Response response = request.waitForResponse(10_000);
        return response == null ? "nothing" : response.getCode().text;
    }

    private static Request login(String token) {
        Request request = new Request(Code.POST);
        request.getOptions().setUriPath("sessions").setContentFormat(0);
        request.setPayload(token);
        return request;
    }

    /// The device is not there: 5.04 to its owner, 4.04 to others, 4.01 to who has no session.
    private static Request read() {
        Request request = new Request(Code.GET);
        request.getOptions().setProxyUri("coap://SSN" + MAC + ".net:4849/snsr/arduino/temp?sens");
        return request;
    }

    @Test
    void sessionBelongsToTheDtlsSession() throws Exception {
        CoapEndpoint client = client(KEY);
        Request links = new Request(Code.GET);
        links.getOptions().setUriPath(".well-known/core");
        assertThat(ask(client, gateway(), links)).isEqualTo("2.05");
        assertThat(ask(client, gateway(), read())).isEqualTo("4.01");
        assertThat(ask(client, gateway(), login(TOKEN))).isEqualTo("2.01");
        assertThat(ask(client, gateway(), read())).isEqualTo("5.04");

        CoapEndpoint other = client(KEY);
        assertThat(ask(other, gateway(), read())).isEqualTo("4.01");
        assertThat(ask(other, gateway(), login(OTHER_TOKEN))).isEqualTo("2.01");
        assertThat(ask(other, gateway(), read())).isEqualTo("4.04");
        assertThat(ask(client, gateway(), read())).isEqualTo("5.04");
    }

    /// Who sends without DTLS from the same address and port is nobody.
    @Test
    void addressOfADtlsSessionSaysNothingWithoutDtls() throws Exception {
        int port = GatewayFixture.lastingPort();
        CoapEndpoint client = client(KEY, port);
        assertThat(ask(client, gateway(), login(TOKEN))).isEqualTo("2.01");
        client.destroy();

        InetSocketAddress plain = fixture.gateway.coapAddresses().getFirst();
        try (Peer peer = new Peer(plain, InetAddress.ofLiteral("127.0.0.1"), port)) {
            Coap answer = peer.ask(Coap.con(Coap.GET, 1, "01")
                    .with(Coap.PROXY_URI, "coap://SSN" + MAC + ".net:4849/snsr/arduino/temp?sens"));
            assertThat(answer.codeText()).isEqualTo("4.01");
        }
    }

    /// RFC 9146: the connection ID, not the address, says whose record it is.
    @Test
    void peerMayComeFromElsewhere() throws Exception {
        CoapEndpoint client = client(KEY);
        try (Relay relay = new Relay(gateway())) {
            assertThat(ask(client, relay.address(), login(TOKEN))).isEqualTo("2.01");
            assertThat(ask(client, relay.address(), read())).isEqualTo("5.04");
            relay.changeAddress();
            assertThat(ask(client, relay.address(), read())).isEqualTo("5.04");
            assertThat(fixture.gateway.openSessions()).isEqualTo(1);
        }
    }

    @Test
    void wrongKeyGetsNoAnswer() throws Exception {
        CoapEndpoint client = client("another 16 bytes".getBytes(StandardCharsets.US_ASCII));
        assertThat(ask(client, gateway(), login(TOKEN))).isEqualTo("nothing");
        assertThat(fixture.gateway.openSessions()).isZero();
    }

    /// Field protocol §4 allows a tenant ten sessions; programs that end without `DELETE` must not use them up.
    @Test
    void sessionEndsWithItsDtlsSession() throws Exception {
        for (int run = 1; run <= 11; run++) {
            CoapEndpoint client = client(KEY);
            assertThat(ask(client, gateway(), login(TOKEN))).as("run %d", run).isEqualTo("2.01");
            ((DTLSConnector) client.getConnector()).close(gateway());
            await().until(() -> fixture.gateway.openSessions() == 0);
        }
        assertThat(fixture.count(GatewayEvent.SESSION_CLOSED)).isEqualTo(11);
    }

    /// The client is gone by then, and nobody would end what it opened.
    @Test
    void recordThatTheGoodbyeOvertookOpensNothing() throws Exception {
        CoapEndpoint client = client(KEY);
        try (Relay relay = new Relay(gateway())) {
            assertThat(ask(client, relay.address(), login(TOKEN))).isEqualTo("2.01");
            relay.holdNext();
            Request late = login(TOKEN);
            late.setConfirmable(false);
            late.setDestinationContext(new AddressEndpointContext(relay.address()));
            client.sendRequest(late);
            DatagramPacket overtaken = relay.held();
            ((DTLSConnector) client.getConnector()).close(relay.address());
            await().until(() -> fixture.gateway.openSessions() == 0);
            relay.pass(overtaken);
            // A whole handshake later.
            assertThat(ask(client(KEY), gateway(), read())).isEqualTo("4.01");
            assertThat(fixture.gateway.openSessions()).isZero();
        }
    }

    /// RFC 5246 §7.3: the same session on another connection.
    @Test
    void resumedDtlsSessionIsTheSameSession() throws Exception {
        CoapEndpoint client = client(KEY);
        assertThat(ask(client, gateway(), login(TOKEN))).isEqualTo("2.01");
        ((DTLSConnector) client.getConnector()).forceResumeSessionFor(gateway());
        assertThat(ask(client, gateway(), read())).isEqualTo("5.04");
        assertThat(fixture.gateway.openSessions()).isEqualTo(1);
    }

    /// A program that crashed says no goodbye; it is known by its name, address and port.
    @Test
    void programThatComesBackToItsPortReplacesItself() throws Exception {
        int port = GatewayFixture.lastingPort();
        for (int run = 1; run <= 11; run++) {
            CoapEndpoint client = client(KEY, port);
            assertThat(ask(client, gateway(), login(TOKEN))).as("run %d", run).isEqualTo("2.01");
            assertThat(ask(client, gateway(), read())).isEqualTo("5.04");
            assertThat(fixture.gateway.openSessions()).isEqualTo(1);
            client.destroy();
        }
    }
}
