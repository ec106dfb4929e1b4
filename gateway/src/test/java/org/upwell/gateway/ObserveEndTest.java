// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.upwell.gateway.GatewayFixture.MAC;
import static org.upwell.gateway.GatewayFixture.TOKEN;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.access.Mac;
import org.upwell.gateway.event.GatewayEvent;

/// Observe relations that end because their client has no right to them any more. RFC 7641 §4.2: it is told what a
/// GET would be answered now, else it would wait for ever.
@Timeout(60)
class ObserveEndTest extends NicAndApplication {

    private static final String TARGET = "coap://SSN" + MAC + ".x:4849/snsr/arduino/temp?sens";
    private static final String TOKEN_HEX = "1122334455667788";

    private Coap registration;

    @BeforeEach
    void establish() {
        application.send(Coap.con(Coap.GET, application.nextMid(), TOKEN_HEX)
                .with(Coap.OBSERVE, 0)
                .with(Coap.PROXY_URI, TARGET));
        registration = nic.receive();
        nic.send(Coap.answer(registration, Coap.VALID).with(Coap.OBSERVE, 3));
        assertThat(application.receiveMessage().has(Coap.OBSERVE)).isTrue();
    }

    private void sayFromTheDevice(String payload) {
        nic.send(new Coap(Coap.NON, Coap.CONTENT, 1, registration.token(), List.of(), new byte[0])
                .with(Coap.OBSERVE, 4)
                .payload(payload));
    }

    /// The device is told to stop; the application hears one confirmable error, which is no notification, on its
    /// token, and nothing after it.
    private void expectEnd(String code) {
        expectCancellation();
        Coap end = application.receive();
        assertThat(end.codeText()).isEqualTo(code);
        assertThat(end.type()).isEqualTo(Coap.CON);
        assertThat(end.tokenHex()).isEqualTo(TOKEN_HEX);
        assertThat(end.has(Coap.OBSERVE)).isFalse();
        application.send(Coap.ack(end.mid()));
        expectNothingMore();
    }

    private void expectCancellation() {
        Coap cancellation = nic.receive();
        assertThat(cancellation.uintOption(Coap.OBSERVE)).isEqualTo(1);
        assertThat(cancellation.tokenHex()).isEqualTo(registration.tokenHex());
        nic.send(Coap.answer(cancellation, Coap.CONTENT));
    }

    private void expectNothingMore() {
        Coap question = Coap.con(Coap.GET, application.nextMid(), "7e").path(".well-known", "core");
        assertThat(application.ask(question).mid()).isEqualTo(question.mid());
        assertThat(fixture.count(GatewayEvent.OBSERVE_ENDED)).isEqualTo(1);
    }

    @Test
    void logout() {
        Coap logout = Coap.con(Coap.DELETE, application.nextMid(), "").path("sessions");
        assertThat(application.exchange(logout).codeText()).isEqualTo("2.02");
        expectEnd("4.01");
    }

    @Test
    void endOfTheSessionsLife() {
        fixture.clock.advance(Duration.ofHours(4));
        expectEnd("4.01");
    }

    /// The session that it replaces is over.
    @Test
    void loginFromTheSameEndpoint() {
        Coap login = Coap.con(Coap.POST, application.nextMid(), "")
                .path("sessions")
                .with(Coap.CONTENT_FORMAT, 0)
                .payload(TOKEN);
        assertThat(application.exchange(login).codeText()).isEqualTo("2.01");
        expectEnd("4.01");
    }

    /// As libcoap's client does, whose every run begins with the same token: it must not take the end of what an
    /// earlier run left behind for its answer.
    @Test
    void logoutWithTheTokenOfTheRelation() {
        Coap logout = Coap.con(Coap.DELETE, application.nextMid(), TOKEN_HEX).path("sessions");
        assertThat(application.ask(logout).codeText()).isEqualTo("2.02");
        expectCancellation();
        expectNothingMore();
    }

    @Test
    void changeOfOwner() {
        fixture.owners.put(Mac.parse(MAC), "TN09");
        fixture.gateway.ownerChanged(Mac.parse(MAC));
        expectEnd("4.04");
    }

    /// A notification that comes before anybody said that the owner changed does not reach the former owner.
    @Test
    void notificationForAFormerOwner() {
        fixture.owners.put(Mac.parse(MAC), "TN09");
        sayFromTheDevice("secret");
        expectEnd("4.04");
    }

    /// A client has one confirmable message at a time to acknowledge (RFC 7252 §4.7).
    @Test
    void confirmableNotificationUnderWay() {
        restart(GatewayFixture.config().withTimes(GatewayFixture.TIMES.withConfirmEvery(1)));
        establish();
        sayFromTheDevice("confirmable");
        Coap last = application.receive();
        assertThat(last.type()).isEqualTo(Coap.CON);
        fixture.owners.put(Mac.parse(MAC), "TN09");
        fixture.gateway.ownerChanged(Mac.parse(MAC));
        application.send(Coap.ack(last.mid()));
        expectEnd("4.04");
    }
}
