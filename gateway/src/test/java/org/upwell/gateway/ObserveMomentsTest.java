// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.upwell.gateway.GatewayFixture.MAC;
import static org.upwell.gateway.GatewayFixture.OTHER_MAC;
import static org.upwell.gateway.GatewayFixture.TOKEN;
import static org.upwell.gateway.GatewayFixture.UNOWNED_MAC;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.access.Mac;
import org.upwell.gateway.event.GatewayEvent;
import org.upwell.gateway.proxy.ForwardProxy;

/// Observe relations at the moments when two things happen at once, or one of them never does.
@Timeout(60)
class ObserveMomentsTest {

    private static final String TARGET = "coap://SSN" + MAC + ".x:4849/snsr/arduino/temp?sens";

    private GatewayFixture fixture = new GatewayFixture();

    @AfterEach
    void stop() {
        fixture.close();
    }

    private static Coap register(Peer application, String token) {
        return Coap.con(Coap.GET, application.nextMid(), token)
                .with(Coap.OBSERVE, 0)
                .with(Coap.PROXY_URI, TARGET);
    }

    private static Coap establish(Peer nic, Peer application) {
        application.send(register(application, "01"));
        Coap registration = nic.receive();
        nic.send(Coap.answer(registration, Coap.VALID).with(Coap.OBSERVE, 3));
        assertThat(application.receiveMessage().has(Coap.OBSERVE)).isTrue();
        return registration;
    }

    private static Coap establishInTime(Peer nic, Peer application) {
        return GatewayFixture.establishInTime(nic, application, () -> register(application, "01"));
    }

    private void restartWithLittlePatience() {
        fixture.close();
        fixture = new GatewayFixture(GatewayFixture.config().withPatience(GatewayFixture.SHORT_CON));
    }

    private static Coap notification(Coap registration, int mid, int number, String payload) {
        return new Coap(Coap.NON, Coap.CONTENT, mid, registration.token(), List.of(), new byte[0])
                .with(Coap.OBSERVE, number)
                .payload(payload);
    }

    /// Holds whoever handles a request for a device that nobody owns, until told to go on.
    private static final class Hold {

        private final Semaphore arrived = new Semaphore(0);
        private final Semaphore released = new Semaphore(0);

        void asked(Mac mac) {
            if (mac.equals(Mac.parse(UNOWNED_MAC))) {
                arrived.release();
                released.acquireUninterruptibly();
            }
        }
    }

    /// The notification comes after the device took the registration, and before the client is told so.
    @Test
    void clientThatJoinsIsToldWhatCameMeanwhile() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        application.send(register(application, "01"));
        Coap registration = nic.receive();
        Hold hold = new Hold();
        fixture.ownerAsked = hold::asked;
        Peer holding = fixture.application(TOKEN);
        holding.send(Coap.con(Coap.GET, 1, "0f").with(Coap.PROXY_URI, "coap://SSN" + UNOWNED_MAC + ".x/"));
        hold.arrived.acquireUninterruptibly();
        nic.send(Coap.answer(registration, Coap.CONTENT).with(Coap.OBSERVE, 3).payload("before"));
        // When this one is answered, the one before has been heard.
        GatewayFixture.register(nic, MAC, 1);
        nic.send(notification(registration, 1, 4, "between"));
        GatewayFixture.register(nic, MAC, 1);
        hold.released.release();
        Coap answer = application.receiveMessage();
        assertThat(answer.payloadText()).isEqualTo("between");
        nic.send(notification(registration, 2, 5, "after"));
        Coap after = application.receiveMessage();
        assertThat(after.payloadText()).isEqualTo("after");
        assertThat(after.uintOption(Coap.OBSERVE)).isGreaterThan(answer.uintOption(Coap.OBSERVE));
    }

    /// ```
    /// application              gateway                 NIC
    ///  |  NON 2.05, Observe n     |  NON 2.05, Observe   |
    ///  |<-------------------------|<---------------------|
    ///  | RST                      | CON GET, Observe 1   |
    ///  |------------------------->|--------------------->|
    ///  |                          |                  ACK |
    ///  |                          |<---------------------|
    ///  |                    (patience ends)              |
    ///  |                          |             CON 2.05 |
    ///  |                          |<---------------------|
    ///  |                          | RST                  |
    ///  |                          |--------------------->|
    /// ```
    private void cancelAndAnswerTooLate(Peer nic, Peer application, Coap registration, Runnable beforeTheEnd) {
        nic.send(notification(registration, 1, 4, "last"));
        Coap last = application.receiveMessage();
        beforeTheEnd.run();
        application.send(Coap.rst(last.mid()));
        Coap cancellation = nic.receive();
        assertThat(cancellation.uintOption(Coap.OBSERVE)).isEqualTo(1);
        nic.send(Coap.ack(cancellation.mid()));
        // Another request, that is given up after the same patience.
        Peer clock = fixture.application(TOKEN);
        Peer silent = fixture.nic(OTHER_MAC);
        clock.send(Coap.con(Coap.GET, 1, "0c").with(Coap.PROXY_URI, "coap://SSN" + OTHER_MAC + ".x/"));
        silent.send(Coap.ack(silent.receive().mid()));
        assertThat(clock.receiveMessage().codeText()).isEqualTo("5.04");
        nic.send(new Coap(Coap.CON, Coap.CONTENT, 0x0a0a, cancellation.token(), List.of(), new byte[0]));
        assertThat(nic.receive().type()).as("nobody waits for it").isEqualTo(Coap.RST);
    }

    /// RFC 7641 §3.6, before the device has answered the registration.
    @Test
    void registrationThatWaitsIsCancelledToo() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        application.send(register(application, "01"));
        Coap registration = nic.receive();
        nic.send(Coap.ack(registration.mid()));
        application.send(Coap.con(Coap.GET, application.nextMid(), "01")
                .with(Coap.OBSERVE, 1)
                .with(Coap.PROXY_URI, TARGET));
        Coap asked = nic.receive();
        assertThat(asked.tokenHex()).isNotEqualTo(registration.tokenHex());
        nic.send(Coap.answer(asked, Coap.CONTENT).payload("state"));
        nic.send(new Coap(Coap.CON, Coap.CONTENT, 0x0a0a, registration.token(), List.of(), new byte[0])
                .with(Coap.OBSERVE, 3)
                .payload("too late"));
        assertThat(nic.receive().type()).as("nobody waits for it").isEqualTo(Coap.RST);
        Coap answer = application.receiveMessage();
        assertThat(answer.payloadText()).isEqualTo("state");
        assertThat(answer.has(Coap.OBSERVE)).isFalse();
        application.settle();
        assertThat(fixture.count(GatewayEvent.OBSERVE_STARTED)).isZero();
    }

    @Test
    void cancellationThatIsNeverAnsweredIsForgotten() {
        restartWithLittlePatience();
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        cancelAndAnswerTooLate(nic, application, establishInTime(nic, application), () -> {});
    }

    /// What is said to a device that does not register any more, but may be there.
    @Test
    void lastWordToADeviceThatIsGoneIsForgotten() {
        restartWithLittlePatience();
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        cancelAndAnswerTooLate(nic, application, establishInTime(nic, application), () -> {
            fixture.clock.advance(Duration.ofMinutes(31));
            await().until(() -> fixture.count(GatewayEvent.DEVICE_OFFLINE) == 1);
        });
    }

    /// The device is to be asked whether the relation stands, but has no time; the relation stands all the same.
    @Test
    void relationStandsThoughThereIsNoRoomToRenewIt() {
        fixture.close();
        fixture = new GatewayFixture(
                GatewayFixture.config(GatewayFixture.SILENCE).withLimits(new ForwardProxy.Limits(1, 100, 0, 100, 0)));
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        Coap registration = establish(nic, application);
        // Holds the only place.
        Peer other = fixture.application(TOKEN);
        other.send(Coap.con(Coap.GET, 1, "0d").with(Coap.PROXY_URI, "coap://SSN" + MAC + ".x/other"));
        Coap held = nic.receive();
        assertThat(held.has(Coap.OBSERVE)).isFalse();
        nic.send(notification(registration, 1, 4, "last word").with(Coap.MAX_AGE, 0));
        assertThat(application.receiveMessage().payloadText()).isEqualTo("last word");
        await().until(() -> fixture.count(GatewayEvent.OBSERVE_UPSTREAM_RENEWED) > 0);
        nic.send(notification(registration, 2, 5, "goes on"));
        assertThat(application.receiveMessage().payloadText()).isEqualTo("goes on");
    }

    /// RFC 7252 §5.10.5: what a device that fell silent says again when it is asked is as good as new.
    @Test
    void laterClientIsToldTheMaxAgeThatCameLast() {
        fixture.close();
        fixture = new GatewayFixture(GatewayFixture.config(GatewayFixture.SILENCE));
        Peer nic = fixture.nic(MAC);
        Coap registration = establish(nic, fixture.application(TOKEN));
        nic.send(notification(registration, 1, 4, "last word").with(Coap.MAX_AGE, 0));
        Coap renewal = nic.receive();
        assertThat(renewal.tokenHex()).isEqualTo(registration.tokenHex());
        nic.send(Coap.answer(renewal, Coap.CONTENT)
                .with(Coap.OBSERVE, 5)
                .with(Coap.MAX_AGE, 60)
                .payload("last word"));
        Peer later = fixture.application(TOKEN);
        await().untilAsserted(() -> {
            later.send(register(later, "02"));
            assertThat(later.receiveMessage().uintOption(Coap.MAX_AGE)).isBetween(40, 60);
        });
    }
}
