// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.upwell.gateway.GatewayFixture.MAC;
import static org.upwell.gateway.GatewayFixture.TOKEN;

import java.util.HexFormat;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.gateway.coap.CoapTimes;
import org.upwell.gateway.event.GatewayEvent;

/// Field protocol §4: observe relations through the proxy, byte by byte from both sides.
@Timeout(60)
class ObserveTest {

    private static final String TARGET = "coap://SSN" + MAC + ".x:4849/snsr/arduino/temp?sens";
    private static final String TOKEN_HEX = "1122334455667788";

    private GatewayFixture fixture = new GatewayFixture();

    @AfterEach
    void stop() {
        fixture.close();
    }

    private void restart(GatewayConfig config) {
        fixture.close();
        fixture = new GatewayFixture(config);
    }

    private void restartWith(CoapTimes times) {
        restart(GatewayFixture.config().withTimes(times));
    }

    /// Observe is sent as existing clients send it: empty, which is 0.
    private static Coap register(int mid, String token) {
        return Coap.con(Coap.GET, mid, token).with(Coap.OBSERVE, new byte[0]).with(Coap.PROXY_URI, TARGET);
    }

    private static Coap notification(Coap registration, int mid, int number, String payload) {
        return notification(registration, mid, number, 90, payload);
    }

    private static Coap notification(Coap registration, int mid, int number, int maxAge, String payload) {
        return new Coap(Coap.NON, Coap.CONTENT, mid, registration.token(), List.of(), new byte[0])
                .with(Coap.OBSERVE, number)
                .with(Coap.CONTENT_FORMAT, 60)
                .with(Coap.MAX_AGE, maxAge)
                .payload(payload);
    }

    /// A relation as sensors make it: 2.03 with Observe and without payload.
    private Coap establish(Peer nic, Peer application) {
        application.send(register(application.nextMid(), TOKEN_HEX));
        Coap registration = nic.receive();
        assertThat(registration.uintOption(Coap.OBSERVE)).isZero();
        nic.send(Coap.answer(registration, Coap.VALID).with(Coap.OBSERVE, 3));
        Coap answer = application.receiveMessage();
        assertThat(answer.code()).isEqualTo(Coap.VALID);
        assertThat(answer.has(Coap.OBSERVE)).as("else the client gives up").isTrue();
        return registration;
    }

    private static Coap establishInTime(Peer nic, Peer application) {
        return GatewayFixture.establishInTime(nic, application, () -> register(application.nextMid(), TOKEN_HEX));
    }

    /// What the gateway sends when nobody observes any more: GET, Observe 1, the token of the registration.
    private static void expectCancellation(Peer nic, Coap registration) {
        Coap cancellation = nic.receive();
        while (cancellation.type() != Coap.CON || cancellation.mid() == registration.mid()) {
            // The registration once more, where it is sent again.
            cancellation = nic.receive();
        }
        assertThat(cancellation.code()).isEqualTo(Coap.GET);
        assertThat(cancellation.uintOption(Coap.OBSERVE)).isEqualTo(1);
        assertThat(cancellation.tokenHex()).isEqualTo(registration.tokenHex());
        assertThat(cancellation.textOptions(Coap.URI_PATH)).containsExactly("snsr", "arduino", "temp");
        assertThat(cancellation.textOptions(Coap.URI_QUERY)).containsExactly("sens");
        nic.send(Coap.answer(cancellation, Coap.CONTENT));
    }

    /// ```
    /// application                     gateway                        NIC
    ///  | CON GET, Observe, Proxy-Uri    |                              |
    ///  |------------------------------->| CON GET, Observe 0           |
    ///  |                                |----------------------------->|
    ///  |                                |          ACK 2.03, Observe 3 |
    ///  |            ACK 2.03, Observe n |<-----------------------------|
    ///  |<-------------------------------|                              |
    ///  |                                |          NON 2.05, Observe 4 |
    ///  |          NON 2.05, Observe n+… |<-----------------------------|
    ///  |<-------------------------------|                              |
    ///  |                                |          NON 2.05, Observe 9 |
    ///  |          NON 2.05, Observe n+… |<-----------------------------|
    ///  |<-------------------------------|                              |
    ///  | RST                            |                              |
    ///  |------------------------------->| CON GET, Observe 1           |
    ///  |                                |----------------------------->|
    /// ```
    @Test
    void notificationsComeUntilTheClientRejectsOne() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        Coap registration = establish(nic, application);
        nic.send(notification(registration, 1, 4, "first"));
        Coap first = application.receive();
        assertThat(first.type()).isEqualTo(Coap.NON);
        assertThat(first.code()).isEqualTo(Coap.CONTENT);
        assertThat(first.tokenHex()).isEqualTo(TOKEN_HEX);
        assertThat(first.uintOption(Coap.CONTENT_FORMAT)).isEqualTo(60);
        assertThat(first.uintOption(Coap.MAX_AGE)).isEqualTo(90);
        assertThat(first.payloadText()).isEqualTo("first");
        nic.send(notification(registration, 2, 9, "second"));
        Coap second = application.receive();
        assertThat(second.payloadText()).isEqualTo("second");
        assertThat(second.uintOption(Coap.OBSERVE)).isGreaterThan(first.uintOption(Coap.OBSERVE));

        application.send(Coap.rst(second.mid()));
        expectCancellation(nic, registration);
        assertThat(fixture.count(GatewayEvent.OBSERVE_ENDED)).isEqualTo(1);
    }

    /// A RST carries no token; it may come for a notification that is not the newest any more.
    @Test
    void rejectionOfAnEarlierNotificationCancelsToo() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        Coap registration = establish(nic, application);
        nic.send(notification(registration, 1, 4, "first"));
        Coap first = application.receive();
        nic.send(notification(registration, 2, 5, "second"));
        application.receive();
        application.send(Coap.rst(first.mid()));
        expectCancellation(nic, registration);
    }

    @Test
    void observeOneCancelsAndAsksForTheState() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        Coap registration = establish(nic, application);
        application.send(Coap.con(Coap.GET, application.nextMid(), TOKEN_HEX)
                .with(Coap.OBSERVE, 1)
                .with(Coap.PROXY_URI, TARGET));
        expectCancellation(nic, registration);
        Coap plain = nic.receive();
        assertThat(plain.has(Coap.OBSERVE)).isFalse();
        nic.send(Coap.answer(plain, Coap.CONTENT).payload("now"));
        Coap answer = application.receiveMessage();
        assertThat(answer.has(Coap.OBSERVE)).isFalse();
        assertThat(answer.payloadText()).isEqualTo("now");
    }

    /// One message in the mesh, however many want it. The second client is told at once what is known.
    @Test
    void clientsShareOneRelationWithTheDevice() {
        Peer nic = fixture.nic(MAC);
        Peer one = fixture.application(TOKEN);
        Coap registration = establish(nic, one);
        nic.send(notification(registration, 1, 4, "known"));
        one.receive();

        Peer two = fixture.application(TOKEN);
        Coap joined = two.ask(register(1, "02"));
        assertThat(joined.type()).isEqualTo(Coap.ACK);
        assertThat(joined.has(Coap.OBSERVE)).isTrue();
        assertThat(joined.payloadText()).isEqualTo("known");
        nic.send(notification(registration, 2, 5, "shared"));
        assertThat(one.receive().payloadText()).isEqualTo("shared");
        Coap atTwo = two.receive();
        assertThat(atTwo.payloadText()).isEqualTo("shared");
        assertThat(atTwo.tokenHex()).isEqualTo("02");

        // One leaves, the relation stays for the other.
        two.send(Coap.rst(atTwo.mid()));
        await().until(() -> fixture.count(GatewayEvent.OBSERVE_ENDED) == 1);
        nic.send(notification(registration, 3, 6, "last"));
        assertThat(one.receive().payloadText()).isEqualTo("last");
        assertThat(two.pending()).isEmpty();
        assertThat(nic.pending()).isEmpty();
        assertThat(fixture.count(GatewayEvent.OBSERVE_UPSTREAM_STARTED)).isEqualTo(1);
    }

    /// RFC 7252 §5.6.1: what was kept is as much less good as it is older.
    @Test
    void laterClientIsToldWhatIsLeftOfMaxAge() {
        Peer nic = fixture.nic(MAC);
        Peer one = fixture.application(TOKEN);
        Coap registration = establish(nic, one);
        nic.send(notification(registration, 1, 4, "known"));
        assertThat(one.receive().uintOption(Coap.MAX_AGE)).isEqualTo(90);
        Peer two = fixture.application(TOKEN);
        await().untilAsserted(() -> {
            two.send(register(two.nextMid(), "02"));
            Coap joined = two.receiveMessage();
            assertThat(joined.payloadText()).isEqualTo("known");
            assertThat(joined.uintOption(Coap.MAX_AGE)).isBetween(70, 89);
        });
        nic.send(notification(registration, 2, 5, "new"));
        assertThat(two.receive().uintOption(Coap.MAX_AGE)).isEqualTo(90);
    }

    /// RFC 7252 §5.2.2: nothing else would bring it again.
    @Test
    void lateAnswerToARegistrationIsConfirmable() {
        restartWith(GatewayFixture.PROMPT_ACKS);
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        application.send(register(application.nextMid(), TOKEN_HEX));
        Coap registration = nic.receive();
        assertThat(application.receive().code()).as("an empty acknowledgement").isZero();
        nic.send(Coap.answer(registration, Coap.VALID).with(Coap.OBSERVE, 3));
        Coap answer = application.receiveMessage();
        assertThat(answer.type()).isEqualTo(Coap.CON);
        assertThat(answer.has(Coap.OBSERVE)).isTrue();
        nic.send(notification(registration, 1, 4, "then"));
        assertThat(application.receive().type()).isEqualTo(Coap.NON);
    }

    /// ```
    /// application                     gateway                        NIC
    ///  |                                |   NON 2.05, Observe, Max-Age |
    ///  |       NON 2.05, Observe n      |<-----------------------------|
    ///  |<-------------------------------|                              | (reboots, loses the relation, …)
    ///  |                                | CON GET, Observe 0, token    |
    ///  |                                |----------------------------->|
    /// ```
    private Coap silence(Peer nic, Peer application) {
        return silence(nic, application, establish(nic, application));
    }

    private Coap silence(Peer nic, Peer application, Coap registration) {
        nic.send(notification(registration, 1, 4, 0, "last word"));
        assertThat(application.receive().payloadText()).isEqualTo("last word");
        Coap renewal = nic.receive();
        assertThat(renewal.uintOption(Coap.OBSERVE)).isZero();
        assertThat(renewal.tokenHex()).as("else it may be a second relation").isEqualTo(registration.tokenHex());
        assertThat(fixture.count(GatewayEvent.OBSERVE_UPSTREAM_RENEWED)).isPositive();
        return renewal;
    }

    private void restartWithoutPatience() {
        restart(GatewayFixture.config(GatewayFixture.SILENCE));
    }

    /// RFC 7641 §3.3.1. The application sees a gap, and what filled it.
    @Test
    void silentDeviceIsRegisteredWithAgain() {
        restartWithoutPatience();
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        Coap renewal = silence(nic, application);
        nic.send(Coap.answer(renewal, Coap.CONTENT).with(Coap.OBSERVE, 9).payload("missed"));
        assertThat(application.receive().payloadText()).isEqualTo("missed");
        nic.send(notification(renewal, 2, 10, "goes on"));
        Coap received = application.receive();
        assertThat(received.payloadText()).isEqualTo("goes on");
        assertThat(received.tokenHex()).isEqualTo(TOKEN_HEX);
        assertThat(fixture.count(GatewayEvent.OBSERVE_ENDED)).isZero();
    }

    /// A device may be silent for good reason: it is asked less and less often, and nobody hears of that.
    @Test
    void deviceWithNothingNewIsLeftInPeace() {
        restartWithoutPatience();
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        Coap renewal = silence(nic, application);
        for (int i = 0; i < 2; i++) {
            nic.send(repeat(renewal, 5 + i));
            renewal = nic.receive();
        }
        long thirdNanos = System.nanoTime();
        nic.send(repeat(renewal, 7));
        renewal = nic.receive();
        assertThat(System.nanoTime() - thirdNanos)
                .isGreaterThanOrEqualTo(GatewayFixture.SILENCE.multipliedBy(8).toNanos());
        assertThat(application.pending()).isEmpty();
        nic.send(notification(renewal, 3, 8, "at last"));
        assertThat(application.receive().payloadText()).isEqualTo("at last");
    }

    private static Coap repeat(Coap renewal, int number) {
        return Coap.answer(renewal, Coap.CONTENT)
                .with(Coap.OBSERVE, number)
                .with(Coap.MAX_AGE, 0)
                .payload("last word");
    }

    @Test
    void deviceThatDoesNotAnswerWhenRegisteredWithAgainIsAskedOnceMore() {
        restart(GatewayFixture.config(GatewayFixture.SILENCE).withTimes(GatewayFixture.RESENDING));
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        Coap lost = silence(nic, application, establishInTime(nic, application));
        Predicate<Coap> another = request -> !request.tokenHex().equals(lost.tokenHex());
        assertThat(GatewayFixture.answerInTime(nic, application, another, "back")
                        .payloadText())
                .isEqualTo("back");
    }

    /// The NIC is there again, its sensor not yet.
    @Test
    void errorThatPassesDoesNotEndARelation() {
        restartWithoutPatience();
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        nic.send(Coap.answer(silence(nic, application), 0xa4));
        Coap next = nic.receive();
        assertThat(next.uintOption(Coap.OBSERVE)).isZero();
        nic.send(Coap.answer(next, Coap.CONTENT).with(Coap.OBSERVE, 1).payload("back"));
        assertThat(application.receive().payloadText()).isEqualTo("back");
    }

    /// Both ask before the device has answered.
    @Test
    void clientsThatWaitTogetherAreAnsweredTogether() {
        Peer nic = fixture.nic(MAC);
        Peer one = fixture.application(TOKEN);
        Peer two = fixture.application(TOKEN);
        one.send(register(1, "01"));
        Coap registration = nic.receive();
        two.send(register(1, "02"));
        two.settle();
        nic.send(Coap.answer(registration, Coap.VALID).with(Coap.OBSERVE, 3));
        assertThat(one.receiveMessage().has(Coap.OBSERVE)).isTrue();
        Coap late = two.receiveMessage();
        assertThat(late.has(Coap.OBSERVE)).isTrue();
        assertThat(late.tokenHex()).isEqualTo("02");
        assertThat(nic.pending()).isEmpty();
    }

    /// A 2.03 without Observe is how a sensor says that it has no room (field protocol §7).
    @Test
    void refusedRegistrationIsAPlainAnswer() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        application.send(register(1, "01"));
        nic.send(Coap.answer(nic.receive(), Coap.VALID));
        Coap answer = application.receiveMessage();
        assertThat(answer.code()).isEqualTo(Coap.VALID);
        assertThat(answer.has(Coap.OBSERVE)).isFalse();
        await().until(() -> fixture.count(GatewayEvent.OBSERVE_UPSTREAM_ENDED) == 1);
    }

    @Test
    void unreachableDeviceEndsTheRegistration() {
        Peer application = fixture.application(TOKEN);
        assertThat(application.ask(register(1, "01")).codeText()).isEqualTo("5.04");
    }

    /// A client that acknowledges goes on. Where the count begins depends on how the registration was answered.
    @Test
    void everyThirdNotificationIsConfirmableIfWanted() {
        restartWith(GatewayFixture.TIMES.withConfirmEvery(3));
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        Coap registration = establish(nic, application);
        int confirmable = 0;
        for (int i = 0; i < 9; i++) {
            nic.send(notification(registration, i, 4 + i, "n" + i));
            Coap received = application.receive();
            assertThat(received.payloadText()).isEqualTo("n" + i);
            if (received.type() == Coap.CON) {
                confirmable++;
                application.send(Coap.ack(received.mid()));
            }
        }
        assertThat(confirmable).isBetween(2, 4);
    }

    /// A client that is gone does not acknowledge the confirmable notification, and that ends its relation.
    @Test
    void deadClientIsFoundOut() {
        restartWith(GatewayFixture.RESENDING.withConfirmEvery(3));
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        Coap registration = establishInTime(nic, application);
        Coap received = null;
        for (int i = 0; received == null || received.type() != Coap.CON; i++) {
            nic.send(notification(registration, i, 4 + i, "x"));
            received = application.receive();
        }
        expectCancellation(nic, registration);
    }

    @Test
    void confirmableNotificationOfTheDeviceIsAcknowledgedAndPassedOn() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        Coap registration = establish(nic, application);
        nic.send(new Coap(Coap.CON, Coap.CONTENT, 0x0a0a, registration.token(), List.of(), new byte[0])
                .with(Coap.OBSERVE, 4)
                .payload("con"));
        assertThat(nic.receive().bytes()).isEqualTo(HexFormat.of().parseHex("60000a0a"));
        assertThat(application.receive().payloadText()).isEqualTo("con");
    }

    @Test
    void olderNotificationThatComesLateIsDropped() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        Coap registration = establish(nic, application);
        nic.send(notification(registration, 1, 9, "newer"));
        assertThat(application.receive().payloadText()).isEqualTo("newer");
        nic.send(notification(registration, 2, 8, "older"));
        nic.send(notification(registration, 3, 10, "newest"));
        assertThat(application.receive().payloadText()).isEqualTo("newest");
    }

    @Test
    void endOfTheDevicesRelationIsPassedOn() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        Coap registration = establish(nic, application);
        nic.send(new Coap(Coap.NON, 0x84, 1, registration.token(), List.of(), new byte[0]).payload("gone"));
        Coap end = application.receive();
        assertThat(end.codeText()).isEqualTo("4.04");
        assertThat(end.has(Coap.OBSERVE)).isFalse();
        assertThat(end.tokenHex()).isEqualTo(TOKEN_HEX);
    }

    /// The application notices nothing.
    @Test
    void relationFollowsADeviceThatMoves() {
        Peer before = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        establish(before, application);
        Peer after = GatewayFixture.register(fixture.nic(), MAC, 1);
        Coap registration = after.receive();
        assertThat(registration.uintOption(Coap.OBSERVE)).isZero();
        after.send(Coap.answer(registration, Coap.CONTENT).with(Coap.OBSERVE, 1).payload("state"));
        assertThat(application.receive().payloadText()).isEqualTo("state");
        after.send(notification(registration, 1, 2, "from there"));
        Coap received = application.receive();
        assertThat(received.payloadText()).isEqualTo("from there");
        assertThat(received.tokenHex()).isEqualTo(TOKEN_HEX);
    }

    @Test
    void relationIsRegisteredAgainAfterARestartOfTheDevice() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        establish(nic, application);
        GatewayFixture.register(nic, MAC, 2);
        Coap registration = nic.receive();
        assertThat(registration.uintOption(Coap.OBSERVE)).isZero();
        nic.send(Coap.answer(registration, Coap.CONTENT).with(Coap.OBSERVE, 1).payload("again"));
        assertThat(application.receive().payloadText()).isEqualTo("again");
    }

    /// One lost separate answer; the next who asks is not made to wait for it.
    @Test
    void lostAnswerToARegistrationDoesNotBlockTheResource() {
        restart(GatewayFixture.config().withPatience(GatewayFixture.SHORT_CON));
        Peer nic = fixture.nic(MAC);
        Peer first = fixture.application(TOKEN);
        first.send(register(first.nextMid(), TOKEN_HEX));
        nic.send(Coap.ack(nic.receive().mid()));
        assertThat(first.receiveMessage().codeText()).isEqualTo("5.04");
        await().until(() -> fixture.count(GatewayEvent.OBSERVE_UPSTREAM_ENDED) == 1);

        Peer second = fixture.application(TOKEN);
        Coap registration = establishInTime(nic, second);
        nic.send(notification(registration, 1, 4, "alive"));
        assertThat(second.receive().payloadText()).isEqualTo("alive");
    }

    @Test
    void restartOfTheDeviceWhileItIsRegisteredWithBeginsAnew() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        application.send(register(application.nextMid(), TOKEN_HEX));
        Coap forgotten = nic.receive();
        nic.send(Coap.ack(forgotten.mid()));
        GatewayFixture.register(nic, MAC, 2);
        expectAnother(nic, application, forgotten);
    }

    @Test
    void moveOfTheDeviceAfterItAcknowledgedARegistrationBeginsAnew() {
        Peer before = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        application.send(register(application.nextMid(), TOKEN_HEX));
        Coap forgotten = before.receive();
        before.send(Coap.ack(forgotten.mid()));
        expectAnother(GatewayFixture.register(fixture.nic(), MAC, 1), application, forgotten);
    }

    private static void expectAnother(Peer nic, Peer application, Coap forgotten) {
        Coap registration = nic.receive();
        assertThat(registration.uintOption(Coap.OBSERVE)).isZero();
        assertThat(registration.tokenHex()).isNotEqualTo(forgotten.tokenHex());
        nic.send(Coap.answer(registration, Coap.CONTENT).with(Coap.OBSERVE, 1).payload("anew"));
        Coap answer = application.receiveMessage();
        assertThat(answer.payloadText()).isEqualTo("anew");
        assertThat(answer.has(Coap.OBSERVE)).isTrue();
    }

    /// ```
    /// application                              gateway
    ///  |       NON 2.05, Observe n, Block2 0/1/128 |
    ///  |<------------------------------------------|
    ///  | CON GET, Observe, Block2 1/0/128, token   |
    ///  |------------------------------------------>|
    ///  |       ACK 2.05, Observe n, Block2 1/0/128 |
    ///  |<------------------------------------------|
    /// ```
    @Test
    void everyBlockOfANotificationCarriesObserve() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        application.send(register(1, TOKEN_HEX).with(Coap.BLOCK2, 3));
        Coap registration = nic.receive();
        assertThat(registration.uintOption(Coap.BLOCK2)).isEqualTo(3);
        nic.send(Coap.answer(registration, Coap.VALID).with(Coap.OBSERVE, 3));
        application.receiveMessage();
        nic.send(notification(registration, 1, 4, "x".repeat(128) + "tail"));
        Coap first = application.receive();
        assertThat(first.uintOption(Coap.BLOCK2)).isEqualTo(8 | 3);
        assertThat(first.payload()).hasSize(128);
        Coap second = application.ask(register(2, TOKEN_HEX).with(Coap.BLOCK2, 1 << 4 | 3));
        assertThat(second.uintOption(Coap.BLOCK2)).isEqualTo(1 << 4 | 3);
        assertThat(second.uintOption(Coap.OBSERVE)).isEqualTo(first.uintOption(Coap.OBSERVE));
        assertThat(second.payloadText()).isEqualTo("tail");
        assertThat(second.tokenHex()).isEqualTo(TOKEN_HEX);

        // Not taken for a new registration: the relation goes on.
        nic.send(notification(registration, 2, 5, "short"));
        assertThat(application.receive().payloadText()).isEqualTo("short");
        assertThat(fixture.count(GatewayEvent.OBSERVE_STARTED)).isEqualTo(1);
    }

    @Test
    void secondRegistrationWithTheSameTokenReplacesTheFirst() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        Coap registration = establish(nic, application);
        assertThat(application.ask(register(application.nextMid(), TOKEN_HEX)).has(Coap.OBSERVE))
                .isTrue();
        nic.send(notification(registration, 1, 4, "once"));
        assertThat(application.receive().payloadText()).isEqualTo("once");
        nic.send(notification(registration, 2, 5, "next"));
        assertThat(application.receive().payloadText()).isEqualTo("next");
        assertThat(nic.pending()).isEmpty();
    }
}
