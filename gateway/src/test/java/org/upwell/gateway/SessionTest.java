// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.upwell.gateway.GatewayFixture.OTHER_TOKEN;
import static org.upwell.gateway.GatewayFixture.TOKEN;

import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.gateway.event.GatewayEvent;

/// Field protocol §4: sessions of applications, byte by byte from their side.
@Timeout(60)
class SessionTest {

    private final GatewayFixture fixture = new GatewayFixture();

    @AfterEach
    void stop() {
        fixture.close();
    }

    private static Coap login(int mid, String token) {
        return Coap.con(Coap.POST, mid, "1122334455667788")
                .path("sessions")
                .with(Coap.CONTENT_FORMAT, 0)
                .payload(token);
    }

    /// ```
    /// application                                   gateway
    ///  | CON POST /sessions, Content-Format 0, <JWT>  |
    ///  |--------------------------------------------->|
    ///  |                   ACK 2.01                   |
    ///  |<---------------------------------------------|
    ///  | CON DELETE /sessions                         |
    ///  |--------------------------------------------->|
    ///  |                   ACK 2.02                   |
    ///  |<---------------------------------------------|
    /// ```
    @Test
    void tokenOpensASessionAndDeleteClosesIt() {
        Peer application = fixture.application();
        // Written as the client library does: a token of 1,300 bytes in one datagram.
        Coap opened = application.ask(login(0x4711, TOKEN + "x".repeat(1300 - TOKEN.length())));
        assertThat(opened.bytes()).isEqualTo(HexFormat.of().parseHex("6841" + "4711" + "1122334455667788"));
        assertThat(fixture.gateway.openSessions()).isEqualTo(1);

        Coap closed = application.ask(Coap.con(Coap.DELETE, 0x4712, "aabb").path("sessions"));
        assertThat(closed.bytes()).isEqualTo(HexFormat.of().parseHex("6242" + "4712" + "aabb"));
        assertThat(fixture.gateway.openSessions()).isZero();
    }

    @Test
    void emptyQueryMeansNone() {
        Peer application = fixture.application();
        assertThat(application.ask(login(1, TOKEN).query("")).code()).isEqualTo(Coap.CREATED);
        assertThat(application
                        .ask(Coap.con(Coap.DELETE, 2, "").path("sessions").query(""))
                        .code())
                .isEqualTo(Coap.DELETED);
    }

    @Test
    void oldFormOpensASession() {
        Peer application = fixture.application();
        Coap request =
                Coap.con(Coap.POST, 1, "01").path("sessions").query("user=operator", "pass=s3cret", "sticky=true");
        assertThat(application.ask(request).code()).isEqualTo(Coap.CREATED);
    }

    @Test
    void badCredentialsAreUnauthorized() {
        Peer application = fixture.application();
        assertThat(application.ask(login(1, "forged")).codeText()).isEqualTo("4.01");
        Coap wrongPassword =
                Coap.con(Coap.POST, 2, "").path("sessions").query("user=operator", "pass=guess", "sticky=true");
        assertThat(application.ask(wrongPassword).codeText()).isEqualTo("4.01");
        assertThat(application.ask(Coap.con(Coap.POST, 3, "").path("sessions")).codeText())
                .isEqualTo("4.01");
        assertThat(fixture.count(GatewayEvent.SESSION_REFUSED)).isEqualTo(3);
        assertThat(fixture.gateway.openSessions()).isZero();
    }

    @Test
    void otherMethodsFormatsAndOptionsAreRefused() {
        Peer application = fixture.application();
        assertThat(application.ask(Coap.con(Coap.GET, 1, "").path("sessions")).codeText())
                .isEqualTo("4.05");
        Coap json = Coap.con(Coap.POST, 2, "")
                .path("sessions")
                .with(Coap.CONTENT_FORMAT, 50)
                .payload("{}");
        assertThat(application.ask(json).codeText()).isEqualTo("4.15");
        // Critical and unknown (RFC 7252 §5.4.1).
        assertThat(application.ask(login(3, TOKEN).with(65001, "x")).codeText()).isEqualTo("4.02");
        assertThat(application.ask(Coap.con(Coap.GET, 4, "").path("nic")).codeText())
                .isEqualTo("4.04");
        // Critical, known and of no use here: conditions, protection by OSCORE, a first block.
        Coap logout = Coap.con(Coap.DELETE, 5, "").path("sessions");
        assertThat(application.ask(logout.with(1, "tag")).codeText()).isEqualTo("4.02");
        assertThat(application.ask(login(6, TOKEN).with(5, "")).codeText()).isEqualTo("4.02");
        assertThat(application.ask(login(7, TOKEN).with(9, "")).codeText()).isEqualTo("4.02");
        assertThat(application.ask(login(8, TOKEN).with(Coap.BLOCK1, 0x0b)).codeText())
                .isEqualTo("4.02");
        Coap links = Coap.con(Coap.GET, 9, "").path(".well-known", "core");
        assertThat(application.ask(links.with(17, 60)).codeText()).isEqualTo("4.06");
        assertThat(application.ask(links.mid(10).with(17, 40)).codeText()).isEqualTo("2.05");
        assertThat(fixture.gateway.openSessions()).isZero();
    }

    @Test
    void tenantHasTenSessionsAndNoMore() {
        for (int i = 0; i < 10; i++) {
            fixture.application(TOKEN);
        }
        Peer eleventh = fixture.application();
        Coap refusal = eleventh.ask(login(1, TOKEN));
        assertThat(refusal.codeText()).isEqualTo("4.29");
        assertThat(fixture.count(GatewayEvent.SESSION_LIMIT_REACHED)).isEqualTo(1);
        // Another tenant's are its own.
        assertThat(eleventh.ask(login(2, OTHER_TOKEN)).code()).isEqualTo(Coap.CREATED);
    }

    @Test
    void secondLoginFromAnEndpointReplacesTheFirst() {
        Peer application = fixture.application(TOKEN);
        assertThat(application.ask(login(1, OTHER_TOKEN)).code()).isEqualTo(Coap.CREATED);
        assertThat(fixture.gateway.openSessions()).isEqualTo(1);
    }

    /// A check may take seconds, the next one none: what counts is the order of the requests.
    @Test
    void laterLoginFromAnEndpointWinsHoweverLongTheEarlierTakes() {
        CompletableFuture<Void> check = new CompletableFuture<>();
        fixture.slowTokens.put(TOKEN, check);
        Peer application = fixture.application();
        application.send(login(1, TOKEN));
        application.send(login(2, OTHER_TOKEN));
        assertThat(application.receiveMessage().codeText()).isEqualTo("2.01");

        check.complete(null);
        assertThat(application.receiveMessage().codeText()).isEqualTo("4.09");
        assertThat(fixture.gateway.openSessions()).isEqualTo(1);
        // Not of the device's owner, whose login is the earlier one.
        assertThat(application.ask(read(3)).codeText()).isEqualTo("4.04");
    }

    @Test
    void laterLoginThatIsRefusedLeavesTheEarlierAlone() {
        CompletableFuture<Void> check = new CompletableFuture<>();
        fixture.slowTokens.put(TOKEN, check);
        Peer application = fixture.application();
        application.send(login(1, TOKEN));
        application.send(login(2, "forged"));
        assertThat(application.receiveMessage().codeText()).isEqualTo("4.01");

        check.complete(null);
        assertThat(application.receiveMessage().codeText()).isEqualTo("2.01");
        assertThat(application.ask(read(3)).codeText()).isEqualTo("5.04");
    }

    @Test
    void logoutEndsALoginThatIsStillBeingChecked() {
        CompletableFuture<Void> check = new CompletableFuture<>();
        fixture.slowTokens.put(TOKEN, check);
        Peer application = fixture.application();
        Peer other = fixture.application();
        application.send(login(1, TOKEN));
        other.send(login(1, TOKEN));
        application.send(Coap.con(Coap.DELETE, 2, "").path("sessions"));
        assertThat(application.receiveMessage().codeText()).isEqualTo("2.02");

        check.complete(null);
        assertThat(application.receiveMessage().codeText()).isEqualTo("4.09");
        assertThat(other.receiveMessage().codeText()).isEqualTo("2.01");
        assertThat(application.ask(read(3)).codeText()).isEqualTo("4.01");
        assertThat(fixture.gateway.openSessions()).isEqualTo(1);
    }

    @Test
    void sessionEndsAfterFourHours() {
        fixture.application(TOKEN);
        fixture.clock.advance(Duration.ofHours(4).minusSeconds(1));
        fixture.application(TOKEN);
        assertThat(fixture.gateway.openSessions()).isEqualTo(2);
        fixture.clock.advance(Duration.ofSeconds(1));
        await().until(() -> fixture.gateway.openSessions() == 1);
        assertThat(fixture.count(GatewayEvent.SESSION_EXPIRED)).isEqualTo(1);
    }

    /// The same address and port, first one tenant's, then another's: nothing of the first is left to the second.
    @Test
    void addressOfAnExpiredSessionIsAnotherTenants() {
        fixture.nic(GatewayFixture.MAC);
        Peer application = fixture.application(TOKEN);
        fixture.clock.advance(Duration.ofHours(4));
        // Over at the moment, not at the next sweep.
        assertThat(application.ask(read(2)).codeText()).isEqualTo("4.01");

        assertThat(application.ask(login(3, OTHER_TOKEN)).code()).isEqualTo(Coap.CREATED);
        await().until(() -> fixture.gateway.openSessions() == 1);
        assertThat(application.ask(read(4)).codeText()).isEqualTo("4.04");
        // All ten of the first tenant are free again.
        for (int i = 0; i < 10; i++) {
            fixture.application(TOKEN);
        }
        assertThat(fixture.gateway.openSessions()).isEqualTo(11);
    }

    @Test
    void logoutEndsTheSessionOfItsOwnEndpointOnly() {
        Peer application = fixture.application(TOKEN);
        Peer other = fixture.application(TOKEN);
        assertThat(other.ask(Coap.con(Coap.DELETE, 1, "").path("sessions")).code())
                .isEqualTo(Coap.DELETED);
        assertThat(other.ask(read(2)).codeText()).isEqualTo("4.01");
        assertThat(application.ask(read(2)).codeText()).isEqualTo("5.04");
        // Once more does no harm.
        assertThat(other.ask(Coap.con(Coap.DELETE, 3, "").path("sessions")).code())
                .isEqualTo(Coap.DELETED);
    }

    @Test
    void sessionsOfATenantThatIsDisabledEndAndNobodyElses() {
        Peer application = fixture.application(TOKEN);
        fixture.application(TOKEN);
        Peer other = fixture.application(OTHER_TOKEN);

        fixture.disabledTenants.add(GatewayFixture.TENANT);
        fixture.gateway.accessChanged();

        assertThat(fixture.gateway.openSessions()).isEqualTo(1);
        assertThat(fixture.count(GatewayEvent.SESSION_REVOKED)).isEqualTo(2);
        assertThat(application.ask(read(2)).codeText()).isEqualTo("4.01");
        // The device is another tenant's, which is told only to who has a session.
        assertThat(other.ask(read(2)).codeText()).isEqualTo("4.04");

        // The tenant has all its sessions again once it is enabled.
        fixture.disabledTenants.clear();
        for (int i = 0; i < 10; i++) {
            fixture.application(TOKEN);
        }
    }

    private static Coap read(int mid) {
        return Coap.con(Coap.GET, mid, "01")
                .with(Coap.PROXY_URI, "coap://SSN" + GatewayFixture.MAC + ".net:4849/snsr/arduino/temp?sens");
    }

    /// The change was told while the credentials were being checked, before there was a session to end.
    @Test
    void sessionThatIsOpenedAfterTheChangeIsRefused() {
        fixture.disabledTenants.add(GatewayFixture.TENANT);
        Peer application = fixture.application();

        assertThat(application.ask(login(1, TOKEN)).codeText()).isEqualTo("4.01");
        assertThat(fixture.gateway.openSessions()).isZero();
    }

    @Test
    void resourcesAreListedWithoutASession() {
        Peer application = fixture.application();
        Coap links = application.ask(Coap.con(Coap.GET, 1, "").path(".well-known", "core"));
        assertThat(links.code()).isEqualTo(Coap.CONTENT);
        assertThat(links.uintOption(Coap.CONTENT_FORMAT)).isEqualTo(40);
        assertThat(links.payloadText()).contains("</sessions>").contains("</.well-known/core>");
    }

    @Test
    void unreadableOptionIsAnsweredAndNothingElseHappens() {
        Peer application = fixture.application(TOKEN);
        // Uri-Port of three bytes: critical and malformed.
        Coap broken = Coap.con(Coap.GET, 1, "").with(7, new byte[] {1, 2, 3}).path("sessions");
        assertThat(application.ask(broken).code() >> 5).isEqualTo(4);
        assertThat(application
                        .ask(Coap.con(Coap.GET, 2, "").path(".well-known", "core"))
                        .code())
                .isEqualTo(Coap.CONTENT);
    }
}
