// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.upwell.gateway.GatewayFixture.FOREIGN_MAC;
import static org.upwell.gateway.GatewayFixture.MAC;
import static org.upwell.gateway.GatewayFixture.OTHER_MAC;
import static org.upwell.gateway.GatewayFixture.TOKEN;
import static org.upwell.gateway.GatewayFixture.UNOWNED_MAC;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.gateway.event.GatewayEvent;

/// Field protocol §4: proxied requests, byte by byte from both sides.
@Timeout(60)
class ForwardProxyTest {

    private static final String TARGET = "coap://SSN001350050047DD92.upwell.example:4849/snsr/arduino/temp?sens";

    private GatewayFixture fixture = new GatewayFixture();

    @AfterEach
    void stop() {
        fixture.close();
    }

    private void restart(GatewayConfig config) {
        fixture.close();
        fixture = new GatewayFixture(config);
    }

    private static Coap get(int mid, String uri) {
        return Coap.con(Coap.GET, mid, "1122334455667788").with(Coap.PROXY_URI, uri);
    }

    /// ```
    /// application                     gateway                        NIC
    ///  | CON GET, Proxy-Uri coap://…/…  |                              |
    ///  |------------------------------->| CON GET /snsr/arduino/temp?… |
    ///  |                                |----------------------------->|
    ///  |                                |             ACK 2.05 payload |
    ///  |               ACK 2.05 payload |<-----------------------------|
    ///  |<-------------------------------|                              |
    /// ```
    @Test
    void getReachesTheDeviceAndItsAnswerComesBack() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        application.send(get(0x5001, TARGET));

        Coap forwarded = nic.receive();
        assertThat(forwarded.type()).isEqualTo(Coap.CON);
        assertThat(forwarded.code()).isEqualTo(Coap.GET);
        assertThat(forwarded.textOptions(Coap.URI_PATH)).containsExactly("snsr", "arduino", "temp");
        assertThat(forwarded.textOptions(Coap.URI_QUERY)).containsExactly("sens");
        assertThat(forwarded.options()).as("nothing else").hasSize(4);
        assertThat(forwarded.payload()).isEmpty();

        byte[] reading = HexFormat.of().parseHex("A2006474656D700172313534303538343938322C37322E35302C46");
        nic.send(Coap.answer(forwarded, Coap.CONTENT)
                .with(Coap.CONTENT_FORMAT, 60)
                .with(Coap.MAX_AGE, 90)
                .payload(reading));
        assertThat(application.receive().bytes())
                .isEqualTo(HexFormat.of()
                        .parseHex("6845" + "5001" + "1122334455667788" + "c13c" + "215a" + "ff"
                                + HexFormat.of().formatHex(reading)));
        assertThat(fixture.count(GatewayEvent.PROXY_ANSWERED)).isEqualTo(1);
    }

    @Test
    void methodsPayloadAndErrorsGoThrough() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        for (int method : List.of(Coap.PUT, Coap.POST, Coap.DELETE)) {
            Coap request = Coap.con(method, application.nextMid(), "77")
                    .with(Coap.CONTENT_FORMAT, 42)
                    .with(Coap.PROXY_URI, "coap://SSN" + MAC + ".x:4849/snsr/arduino/temp?cfg=90")
                    .payload("60");
            application.send(request);
            Coap forwarded = nic.receive();
            assertThat(forwarded.code()).isEqualTo(method);
            assertThat(forwarded.textOptions(Coap.URI_QUERY)).containsExactly("cfg=90");
            assertThat(forwarded.uintOption(Coap.CONTENT_FORMAT)).isEqualTo(42);
            assertThat(forwarded.payloadText()).isEqualTo("60");
            // 5.01, as the sensor's driver says.
            nic.send(Coap.answer(forwarded, 0xa1).payload("no"));
            Coap answer = application.receive();
            assertThat(answer.codeText()).isEqualTo("5.01");
            assertThat(answer.payloadText()).isEqualTo("no");
        }
    }

    /// All of these mean no query, for the device too.
    @Test
    void emptyQueryIsNoneOnBothSides() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        String host = "coap://SSN" + MAC + ".x:4849";
        List<Coap> requests = List.of(
                get(1, host + "/time?"),
                get(2, host + "/time"),
                get(3, host + "/time?&"),
                Coap.con(Coap.GET, 4, "01")
                        .with(Coap.URI_HOST, "ssn" + MAC + ".x")
                        .path("time")
                        .query("")
                        .with(Coap.PROXY_SCHEME, "coap"));
        for (Coap request : requests) {
            application.send(request);
            Coap forwarded = nic.receive();
            assertThat(forwarded.textOptions(Coap.URI_PATH)).containsExactly("time");
            assertThat(forwarded.has(Coap.URI_QUERY)).as("%s", request).isFalse();
            nic.send(Coap.answer(forwarded, Coap.CONTENT));
            assertThat(application.receive().code()).isEqualTo(Coap.CONTENT);
        }
        // The "ping": GET / on the device.
        application.send(get(9, host + "/?"));
        Coap ping = nic.receive();
        assertThat(ping.options()).isEmpty();
        nic.send(Coap.answer(ping, Coap.CONTENT));
        assertThat(application.receive().code()).isEqualTo(Coap.CONTENT);
    }

    @Test
    void proxySchemeWithUriOptionsWorksAlike() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        application.send(Coap.con(Coap.GET, 1, "01")
                .with(Coap.URI_HOST, "SSN001350050047dd92.network")
                .with(7, 4849)
                .path("snsr", "arduino", "temp")
                .query("sens")
                .with(Coap.PROXY_SCHEME, "COAP"));
        Coap forwarded = nic.receive();
        assertThat(forwarded.textOptions(Coap.URI_PATH)).containsExactly("snsr", "arduino", "temp");
        assertThat(forwarded.textOptions(Coap.URI_QUERY)).containsExactly("sens");
        assertThat(forwarded.options()).hasSize(4);
        nic.send(Coap.answer(forwarded, Coap.CONTENT));
        assertThat(application.receive().code()).isEqualTo(Coap.CONTENT);
    }

    @Test
    void withoutASessionItIsUnauthorized() {
        Peer nic = fixture.nic(MAC);
        Peer stranger = fixture.application();
        assertThat(stranger.ask(get(1, TARGET)).codeText()).isEqualTo("4.01");
        // A session belongs to one port.
        fixture.application(TOKEN);
        assertThat(stranger.ask(get(2, TARGET)).codeText()).isEqualTo("4.01");
        assertThat(fixture.count(GatewayEvent.PROXY_NO_SESSION)).isEqualTo(2);
        assertThat(nic.pending()).isEmpty();
    }

    @Test
    void afterLogoutItIsUnauthorized() {
        Peer application = fixture.application(TOKEN);
        application.ask(Coap.con(Coap.DELETE, 1, "").path("sessions"));
        assertThat(application.ask(get(2, TARGET)).codeText()).isEqualTo("4.01");
    }

    @Test
    void foreignUnknownAndMisnamedDevicesAreNotFound() {
        Peer foreign = fixture.nic(FOREIGN_MAC);
        fixture.nic(UNOWNED_MAC);
        Peer application = fixture.application(TOKEN);
        List<String> hosts = List.of(
                "SSN" + FOREIGN_MAC + ".x:4849",
                "SSN" + UNOWNED_MAC + ".x:4849",
                "SSN0013500500470000.x",
                "SSN" + MAC,
                "SSN" + MAC + ".",
                "SSN00135005.x",
                "127.0.0.1:4849",
                "[::1]:4849");
        for (String host : hosts) {
            Coap answer = application.ask(get(application.nextMid(), "coap://" + host + "/snsr/arduino/temp?sens"));
            assertThat(answer.codeText()).as(host).isEqualTo("4.04");
        }
        assertThat(fixture.count(GatewayEvent.PROXY_NOT_FOUND)).isEqualTo(hosts.size());
        assertThat(foreign.pending()).isEmpty();
    }

    @Test
    void brokenAndForeignSchemesAreToldApart() {
        Peer application = fixture.application(TOKEN);
        String device = "SSN" + MAC + ".x";
        assertThat(application.ask(get(1, "http://" + device + "/")).codeText()).isEqualTo("5.05");
        assertThat(application.ask(get(2, "coaps://" + device + "/")).codeText())
                .isEqualTo("5.05");
        assertThat(application.ask(get(3, device + "/snsr")).codeText()).isEqualTo("4.00");
        assertThat(application.ask(get(4, "coap://" + device + "/a#b")).codeText())
                .isEqualTo("4.00");
        assertThat(application.ask(get(5, "coap://" + device + "/%zz")).codeText())
                .isEqualTo("4.00");
        // What could not be written as Uri-Path or Uri-Query.
        String long256 = "é".repeat(128);
        assertThat(application.ask(get(6, "coap://" + device + "/a/" + long256)).codeText())
                .isEqualTo("4.00");
        assertThat(application
                        .ask(get(7, "coap://" + device + "/a?b&" + long256))
                        .codeText())
                .isEqualTo("4.00");
    }

    @Test
    void unregisteredDeviceIsUnreachableAtOnce() {
        Peer application = fixture.application(TOKEN);
        assertThat(application.ask(get(1, TARGET)).codeText()).isEqualTo("5.04");
        assertThat(fixture.count(GatewayEvent.PROXY_UNREACHABLE)).isEqualTo(1);
    }

    /// RFC 7252 §5.7.1 and the field protocol's own rules.
    @Test
    void optionsAreForwardedStoppedOrRefused() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        // 65000 is elective and safe, 124 stops here, 258 is between the client and us.
        application.send(get(1, TARGET)
                .with(4, "etag")
                .with(17, 60)
                .with(124, new byte[] {1, 2, 3, 4})
                .with(258, 0)
                .with(65000, "kept"));
        Coap forwarded = nic.receive();
        assertThat(forwarded.option(4)).contains("etag".getBytes(StandardCharsets.US_ASCII));
        assertThat(forwarded.uintOption(17)).isEqualTo(60);
        assertThat(forwarded.textOptions(65000)).containsExactly("kept");
        assertThat(forwarded.has(124)).isFalse();
        assertThat(forwarded.has(258)).isFalse();
        assertThat(forwarded.has(Coap.PROXY_URI)).isFalse();
        nic.send(Coap.answer(forwarded, Coap.CONTENT)
                .with(4, "tag2")
                .with(124, new byte[] {1, 2, 3, 4})
                .with(65000, "back"));
        Coap answer = application.receive();
        assertThat(answer.has(4)).isTrue();
        assertThat(answer.has(124)).isFalse();
        assertThat(answer.textOptions(65000)).containsExactly("back");

        // 65002 and 65003 are not safe to forward, 189 is never sent, a GET has no body for Block1.
        int mid = 100;
        for (Coap.Opt option : List.of(
                new Coap.Opt(65002, new byte[1]),
                new Coap.Opt(65003, new byte[1]),
                new Coap.Opt(189, new byte[4]),
                new Coap.Opt(Coap.BLOCK1, new byte[] {8}))) {
            Coap refused = application.ask(get(mid++, TARGET).with(option.number(), option.value()));
            assertThat(refused.codeText()).as("%s", option).isEqualTo("4.02");
        }
        assertThat(nic.pending()).isEmpty();
    }

    @Test
    void answerWithAnUnsafeUnknownOptionIsABadGateway() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        application.send(get(1, TARGET));
        nic.send(Coap.answer(nic.receive(), Coap.CONTENT).with(65002, "x"));
        assertThat(application.receive().codeText()).isEqualTo("5.02");
    }

    /// ```
    /// application                  gateway                     NIC
    ///  | CON GET                     |                           |
    ///  |---------------------------->| CON GET                   |
    ///  |                             |-------------------------->|
    ///  |                             |               ACK (empty) |
    ///  |                 ACK (empty) |<--------------------------|
    ///  |<----------------------------|                           |
    ///  | CON GET (repeat)            |                           |
    ///  |---------------------------->|                           |
    ///  |                 ACK (empty) |                           |
    ///  |<----------------------------|                  CON 2.05 |
    ///  |                    CON 2.05 |<--------------------------|
    ///  |<----------------------------| ACK                       |
    ///  | ACK                         |-------------------------->|
    ///  |---------------------------->|                           |
    /// ```
    @Test
    void slowAnswerComesSeparatelyAndARepeatIsNotForwarded() {
        restart(GatewayFixture.config().withTimes(GatewayFixture.PROMPT_ACKS));
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        Coap request = get(0x6001, TARGET);
        application.send(request);
        Coap forwarded = nic.receive();
        nic.send(Coap.ack(forwarded.mid()));
        assertThat(application.receive().bytes()).isEqualTo(HexFormat.of().parseHex("60006001"));
        assertThat(application.ask(request).bytes()).isEqualTo(HexFormat.of().parseHex("60006001"));

        nic.send(new Coap(Coap.CON, Coap.CONTENT, 0x0777, forwarded.token(), List.of(), new byte[0]).payload("x"));
        assertThat(nic.receive().bytes()).isEqualTo(HexFormat.of().parseHex("60000777"));
        Coap answer = application.receive();
        assertThat(answer.type()).isEqualTo(Coap.CON);
        assertThat(answer.code()).isEqualTo(Coap.CONTENT);
        assertThat(answer.tokenHex()).isEqualTo("1122334455667788");
        application.send(Coap.ack(answer.mid()));
        assertThat(nic.pending()).isEmpty();
    }

    /// Field protocol §4, RFC 7252 §4.5: who reads many devices from one port may lose any of the answers.
    @Test
    void repeatIsNotForwardedHoweverMuchCameSince() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        Coap put = Coap.con(Coap.PUT, 0x5001, "11").with(Coap.PROXY_URI, "coap://SSN" + MAC + ".x/snsr/a/b?cfg=1");
        application.send(put);
        nic.send(Coap.answer(nic.receive(), Coap.CHANGED));
        Coap answer = application.receive();
        for (int i = 0; i < 200; i++) {
            application.settle();
        }
        assertThat(application.ask(put).bytes()).isEqualTo(answer.bytes());
        application.settle();
        assertThat(nic.pending()).isEmpty();
    }

    /// Programs that bind the same port one after the other may begin with the same message ID. To be told what
    /// another was told would be of no use to them, or worse.
    @Test
    void anotherRequestUnderAMessageIdThatWasUsedIsNoRepeat() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        for (String token : List.of("11", "22")) {
            application.send(Coap.con(Coap.GET, 0x5001, token).with(Coap.PROXY_URI, "coap://SSN" + MAC + ".x/time"));
            nic.send(Coap.answer(nic.receive(), Coap.CONTENT).payload("for " + token));
            Coap answer = application.receive();
            assertThat(answer.tokenHex()).isEqualTo(token);
            assertThat(answer.payloadText()).isEqualTo("for " + token);
        }
    }

    @Test
    void nonConfirmableRequestGetsANonConfirmableAnswer() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        application.send(Coap.non(Coap.GET, 1, "0102030405060708").with(Coap.PROXY_URI, TARGET));
        Coap forwarded = nic.receive();
        assertThat(forwarded.type()).isEqualTo(Coap.CON);
        nic.send(Coap.answer(forwarded, Coap.CONTENT).payload("x"));
        Coap answer = application.receive();
        assertThat(answer.type()).isEqualTo(Coap.NON);
        assertThat(answer.tokenHex()).isEqualTo("0102030405060708");
    }

    /// The device acknowledges and then says nothing. Both kinds of patience end with 5.04.
    @Test
    void patienceEndsWithGatewayTimeout() {
        restart(GatewayFixture.config()
                .withPatience(GatewayFixture.patience(Duration.ofMillis(700), Duration.ofMillis(600))));
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        application.send(Coap.con(Coap.GET, 1, "c0").with(Coap.PROXY_URI, TARGET));
        nic.send(Coap.ack(nic.receive().mid()));
        application.send(Coap.non(Coap.GET, 2, "a0").with(Coap.PROXY_URI, TARGET));
        nic.send(Coap.ack(nic.receive().mid()));

        Coap first = application.receiveMessage();
        Coap second = application.receiveMessage();
        assertThat(List.of(first.tokenHex(), second.tokenHex())).containsExactlyInAnyOrder("a0", "c0");
        assertThat(first.codeText()).isEqualTo("5.04");
        assertThat(second.codeText()).isEqualTo("5.04");
        assertThat(fixture.count(GatewayEvent.PROXY_UNREACHABLE)).isEqualTo(2);
    }

    @Test
    void silentDeviceIsAskedAgainAndThenUnreachable() {
        restart(GatewayFixture.config().withTimes(GatewayFixture.RESENDING));
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        application.send(get(1, TARGET));
        Coap first = nic.receive();
        assertThat(nic.receive().bytes()).isEqualTo(first.bytes());
        assertThat(nic.receive().bytes()).isEqualTo(first.bytes());
        assertThat(application.receiveMessage().codeText()).isEqualTo("5.04");
    }

    /// The old address stays silent; the request follows the device as soon as it registers.
    @Test
    void requestFollowsADeviceThatMoves() {
        Peer before = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        application.send(get(1, TARGET));
        before.receive();
        Peer after = GatewayFixture.register(fixture.nic(), MAC, 1);
        Coap forwarded = after.receive();
        after.send(Coap.answer(forwarded, Coap.CONTENT).payload("here"));
        assertThat(application.receiveMessage().payloadText()).isEqualTo("here");
        assertThat(fixture.count(GatewayEvent.PROXY_REDIRECTED)).isEqualTo(1);
        // An answer from the old place comes too late.
        assertThat(fixture.count(GatewayEvent.PROXY_ANSWERED)).isEqualTo(1);
    }

    /// It would answer from an address that nobody asked.
    @Test
    void acknowledgedRequestFollowsADeviceThatMoves() {
        Peer before = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        application.send(get(1, TARGET));
        before.send(Coap.ack(before.receive().mid()));
        Peer after = GatewayFixture.register(fixture.nic(), MAC, 1);
        after.send(Coap.answer(after.receive(), Coap.CONTENT).payload("here"));
        assertThat(application.receiveMessage().payloadText()).isEqualTo("here");
    }

    /// A second POST might do a thing twice.
    @Test
    void postDoesNotFollow() {
        restart(GatewayFixture.config().withTimes(GatewayFixture.RESENDING));
        Peer before = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        application.send(Coap.con(Coap.POST, 1, "aa").with(Coap.PROXY_URI, TARGET));
        before.receive();
        Peer after = GatewayFixture.register(fixture.nic(), MAC, 1);
        assertThat(application.receiveMessage().codeText()).isEqualTo("5.04");
        assertThat(after.pending()).isEmpty();
    }

    /// The endpoint might be another tenant's by then.
    @Test
    void answerThatComesAfterLogoutIsWithheld() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        application.send(get(1, TARGET));
        Coap forwarded = nic.receive();
        application.send(Coap.con(Coap.DELETE, 2, "dd").path("sessions"));
        await().until(() -> fixture.gateway.openSessions() == 0);
        nic.send(Coap.answer(forwarded, Coap.CONTENT).payload("secret"));
        Coap answer = application.receiveMessage();
        while (!answer.tokenHex().equals("1122334455667788")) {
            answer = application.receiveMessage();
        }
        assertThat(answer.codeText()).isEqualTo("4.01");
        assertThat(answer.payload()).isEmpty();
    }

    @Test
    void deviceThatIsNotAskedHearsNothing() {
        Peer asked = fixture.nic(MAC);
        Peer other = fixture.nic(OTHER_MAC);
        Peer application = fixture.application(TOKEN);
        application.send(get(1, TARGET));
        asked.send(Coap.answer(asked.receive(), Coap.CONTENT));
        application.receive();
        assertThat(other.pending()).isEmpty();
    }

    /// ```
    /// application                            gateway                    NIC
    ///  | CON GET, Block2 0/0/128               |                          |
    ///  |-------------------------------------->| CON GET, Block2 0/0/128  |
    ///  |                                       |------------------------->|
    ///  |                                       |     ACK 2.05 (300 bytes) |
    ///  |             ACK 2.05, Block2 0/1/128  |<-------------------------|
    ///  |<--------------------------------------|                          |
    ///  | CON GET, Block2 1/0/128, other MID    |                          |
    ///  |-------------------------------------->|                          |
    ///  |             ACK 2.05, Block2 1/1/128  |                          |
    ///  |<--------------------------------------|                          |
    ///  | CON GET, Block2 2/0/128               |                          |
    ///  |-------------------------------------->|                          |
    ///  |             ACK 2.05, Block2 2/0/128  |                          |
    ///  |<--------------------------------------|                          |
    /// ```
    @Test
    void longAnswerIsCutIntoTheBlocksThatTheClientWants() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        byte[] body = new byte[300];
        for (int i = 0; i < body.length; i++) {
            body[i] = (byte) i;
        }
        application.send(get(1, TARGET).with(Coap.BLOCK2, 3));
        Coap forwarded = nic.receive();
        assertThat(forwarded.uintOption(Coap.BLOCK2)).isEqualTo(3);
        nic.send(Coap.answer(forwarded, Coap.CONTENT)
                .with(Coap.CONTENT_FORMAT, 60)
                .payload(body));

        ByteArrayOutputStream received = new ByteArrayOutputStream();
        Coap block = application.receive();
        assertThat(block.uintOption(Coap.BLOCK2)).isEqualTo(0 << 4 | 8 | 3);
        received.writeBytes(block.payload());
        block = application.ask(get(2, TARGET).with(Coap.BLOCK2, 1 << 4 | 3));
        assertThat(block.uintOption(Coap.BLOCK2)).isEqualTo(1 << 4 | 8 | 3);
        assertThat(block.uintOption(Coap.CONTENT_FORMAT)).isEqualTo(60);
        received.writeBytes(block.payload());
        block = application.ask(get(3, TARGET).with(Coap.BLOCK2, 2 << 4 | 3));
        assertThat(block.uintOption(Coap.BLOCK2)).isEqualTo(2 << 4 | 3);
        received.writeBytes(block.payload());
        assertThat(received.toByteArray()).isEqualTo(body);

        assertThat(application.ask(get(4, TARGET).with(Coap.BLOCK2, 3 << 4 | 3)).codeText())
                .isEqualTo("4.00");
        assertThat(nic.pending()).isEmpty();
    }

    @Test
    void shortAnswerNeedsNoBlocks() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        application.send(get(1, TARGET).with(Coap.BLOCK2, 3));
        nic.send(Coap.answer(nic.receive(), Coap.CONTENT).payload(new byte[128]));
        Coap answer = application.receive();
        assertThat(answer.has(Coap.BLOCK2)).isFalse();
        assertThat(answer.payload()).hasSize(128);
    }

    /// The device cuts the answer itself: the gateway collects it.
    @Test
    void blocksOfTheDeviceAreCollected() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        application.send(get(1, TARGET));
        nic.send(Coap.answer(nic.receive(), Coap.CONTENT)
                .with(Coap.BLOCK2, 8 | 3)
                .payload(new byte[128]));
        Coap next = nic.receive();
        assertThat(next.uintOption(Coap.BLOCK2)).isEqualTo(1 << 4 | 3);
        nic.send(Coap.answer(next, Coap.CONTENT).with(Coap.BLOCK2, 1 << 4 | 3).payload("end"));
        Coap answer = application.receiveMessage();
        assertThat(answer.payload()).hasSize(131);
        assertThat(answer.has(Coap.BLOCK2)).isFalse();
    }

    @Test
    void percentEncodedNamesAreDecoded() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        application.send(get(1, "coap://SSN" + MAC + ".x/snsr/a%2Fb/caf%C3%A9?x=1%262&y+z"));
        Coap forwarded = nic.receive();
        assertThat(forwarded.textOptions(Coap.URI_PATH)).containsExactly("snsr", "a/b", "café");
        assertThat(forwarded.textOptions(Coap.URI_QUERY)).containsExactly("x=1&2", "y+z");
        nic.send(Coap.answer(forwarded, Coap.CHANGED));
        assertThat(application.receive().code()).isEqualTo(Coap.CHANGED);
        await().until(() -> fixture.count(GatewayEvent.PROXY_ANSWERED) == 1);
    }
}
