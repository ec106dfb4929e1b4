// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.upwell.gateway.GatewayFixture.MAC;
import static org.upwell.gateway.GatewayFixture.OTHER_TENANT;
import static org.upwell.gateway.GatewayFixture.OTHER_TOKEN;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.access.Mac;
import org.upwell.gateway.event.GatewayEvent;
import org.upwell.gateway.proxy.ForwardProxy;

/// Answers that serve again (RFC 7252 §5.6), seen from both sides.
@Timeout(60)
class AnswerCacheTest extends NicAndApplication {

    private static final String TARGET = "coap://SSN" + MAC + ".x:4849/battery";
    private static final int ETAG = 4;
    private static final int ACCEPT = 17;

    private Coap get() {
        return get(TARGET);
    }

    private Coap get(String target) {
        return Coap.con(Coap.GET, application.nextMid(), "77").with(Coap.PROXY_URI, target);
    }

    /// @return what reached the device
    private Coap read(Coap request, Coap answer) {
        application.send(request);
        Coap forwarded = nic.receive();
        nic.send(new Coap(
                Coap.ACK, answer.code(), forwarded.mid(), forwarded.token(), answer.options(), answer.payload()));
        assertThat(application.receiveMessage().tokenHex()).isEqualTo("77");
        return forwarded;
    }

    private static Coap content(String payload) {
        return Coap.ack(0).code(Coap.CONTENT).payload(payload);
    }

    private void expectKept(Coap request, String payload) {
        Coap answer = application.ask(request);
        assertThat(answer.codeText()).isEqualTo("2.05");
        assertThat(answer.payloadText()).isEqualTo(payload);
        assertThat(nic.pending()).isEmpty();
    }

    private void expectAsked(Coap request) {
        read(request, content("new").with(Coap.MAX_AGE, 60));
    }

    @Test
    void answerServesAgainWhileItHolds() {
        read(get(), content("old").with(Coap.MAX_AGE, 60).with(Coap.CONTENT_FORMAT, 60));
        Coap answer = application.ask(get());
        assertThat(answer.payloadText()).isEqualTo("old");
        assertThat(answer.uintOption(Coap.MAX_AGE)).isBetween(1, 60);
        assertThat(answer.uintOption(Coap.CONTENT_FORMAT)).isEqualTo(60);
        assertThat(nic.pending()).isEmpty();
        assertThat(fixture.count(GatewayEvent.PROXY_CACHED)).isEqualTo(1);
        // Another representation was asked for.
        expectAsked(get().with(ACCEPT, 0));
    }

    /// Sensors say nothing of the kind, and who reads them wants to hear from them.
    @Test
    void answerWithoutMaxAgeIsNotKept() {
        read(get(), content("old"));
        expectAsked(get());
    }

    @Test
    void answerThatHoldsNoMoreIsNotServed() {
        read(get(), content("old").with(Coap.MAX_AGE, 0));
        expectAsked(get());
    }

    @Test
    void errorIsNotKept() {
        read(get(), Coap.ack(0).code(0x84).with(Coap.MAX_AGE, 60));
        expectAsked(get());
    }

    @Test
    void nothingIsKeptIfNothingIsWanted() {
        restart(GatewayFixture.config().withLimits(new ForwardProxy.Limits(1, 100, 32, 100, 0)));
        read(get(), content("old").with(Coap.MAX_AGE, 60));
        expectAsked(get());
    }

    @Test
    void changeOfTheDeviceEndsIt() {
        read(get(), content("old").with(Coap.MAX_AGE, 60));
        read(
                Coap.con(Coap.PUT, application.nextMid(), "77").with(Coap.PROXY_URI, TARGET + "?cfg=C"),
                Coap.ack(0).code(Coap.CHANGED));
        expectAsked(get());
    }

    /// The answer may be from before the change.
    @Test
    void answerThatWasUnderWayDuringAChangeIsNotKept() {
        application.send(get());
        Coap slow = nic.receive();
        nic.send(Coap.ack(slow.mid()));
        read(
                Coap.con(Coap.PUT, application.nextMid(), "77").with(Coap.PROXY_URI, TARGET + "?cfg=C"),
                Coap.ack(0).code(Coap.CHANGED));
        nic.send(new Coap(Coap.NON, Coap.CONTENT, 4711, slow.token(), List.of(), new byte[0])
                .with(Coap.MAX_AGE, 60)
                .payload("from before"));
        assertThat(application.receiveMessage().payloadText()).isEqualTo("from before");
        expectAsked(get());
    }

    private Coap write() {
        return write(TARGET);
    }

    private Coap write(String target) {
        return Coap.non(Coap.PUT, application.nextMid(), "aa").with(Coap.PROXY_URI, target + "?cfg=C");
    }

    /// It may have been carried out, before or after what was read meanwhile.
    @Test
    void answerIsNotServedAfterAChangeThatNobodyConfirmed() {
        fixture.close();
        fixture = new GatewayFixture(GatewayFixture.config().withPatience(GatewayFixture.SHORT_NON));
        connect();
        String target = TARGET;
        for (int i = 1; !isReadBeforeTheChangeIsGivenUp(target); i++) {
            target = TARGET + i;
        }
        expectAsked(get(target));
    }

    private boolean isReadBeforeTheChangeIsGivenUp(String target) {
        application.send(write(target));
        nic.send(Coap.ack(nic.receive().mid()));
        application.send(get(target));
        nic.send(Coap.answer(nic.receive(), Coap.CONTENT).with(Coap.MAX_AGE, 60).payload("read meanwhile"));
        Coap first = application.receiveMessage();
        Coap second = application.receiveMessage();
        boolean inTime = first.tokenHex().equals("77");
        assertThat((inTime ? first : second).payloadText()).isEqualTo("read meanwhile");
        Coap givenUp = inTime ? second : first;
        assertThat(givenUp.tokenHex()).isEqualTo("aa");
        assertThat(givenUp.codeText()).isEqualTo("5.04");
        return inTime;
    }

    @Test
    void answerIsNotServedAfterAChangeThatCouldNotBeSent() {
        restart(GatewayFixture.config().withLimits(new ForwardProxy.Limits(2, 100, 32, 100, 1 << 20)));
        application.send(write());
        Coap forwarded = nic.receive();
        read(get(), content("read meanwhile").with(Coap.MAX_AGE, 60));
        nic.send(Coap.rst(forwarded.mid()));
        Coap rejected = application.receiveMessage();
        assertThat(rejected.tokenHex()).isEqualTo("aa");
        assertThat(rejected.codeText()).isEqualTo("5.04");
        expectAsked(get());
    }

    @Test
    void restartOfTheDeviceEndsItAndARefreshedRegistrationDoesNot() {
        read(get(), content("old").with(Coap.MAX_AGE, 60));
        GatewayFixture.register(nic, MAC, 1);
        expectKept(get(), "old");
        GatewayFixture.register(nic, MAC, 2);
        expectAsked(get());
    }

    @Test
    void newOwnerIsNotToldWhatTheFormerOneRead() {
        read(get(), content("secret").with(Coap.MAX_AGE, 60));
        fixture.owners.put(Mac.parse(MAC), OTHER_TENANT);
        application = fixture.application(OTHER_TOKEN);
        expectAsked(get());
        fixture.gateway.ownerChanged(Mac.parse(MAC));
        expectAsked(get());
    }

    @Test
    void newerNotificationEndsIt() {
        read(get(), content("old").with(Coap.MAX_AGE, 60));
        application.send(Coap.con(Coap.GET, application.nextMid(), "0b")
                .with(Coap.OBSERVE, 0)
                .with(Coap.PROXY_URI, TARGET));
        nic.send(Coap.answer(nic.receive(), Coap.CONTENT).with(Coap.OBSERVE, 1).payload("newer"));
        assertThat(application.receiveMessage().payloadText()).isEqualTo("newer");
        expectAsked(get());
    }

    /// The answer may be from before the notification, though it comes later.
    @Test
    void answerThatWasUnderWayDuringANotificationIsNotKept() {
        application.send(Coap.con(Coap.GET, application.nextMid(), "0b")
                .with(Coap.OBSERVE, 0)
                .with(Coap.PROXY_URI, TARGET));
        Coap registration = nic.receive();
        nic.send(Coap.answer(registration, Coap.CONTENT).with(Coap.OBSERVE, 1).payload("state"));
        assertThat(application.receiveMessage().payloadText()).isEqualTo("state");
        application.send(get());
        Coap slow = nic.receive();
        nic.send(new Coap(Coap.NON, Coap.CONTENT, 4710, registration.token(), List.of(), new byte[0])
                .with(Coap.OBSERVE, 2)
                .payload("newer"));
        assertThat(application.receiveMessage().payloadText()).isEqualTo("newer");
        nic.send(Coap.answer(slow, Coap.CONTENT).with(Coap.MAX_AGE, 60).payload("older"));
        assertThat(application.receiveMessage().payloadText()).isEqualTo("older");
        expectAsked(get());
    }

    private static byte[] tag(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /// What holds no more is asked for by its ETag; 2.03 makes it whole again (RFC 7252 §5.6.2, §5.9.1.3).
    @Test
    void staleAnswerIsValidated() {
        read(get(), content("old").with(ETAG, tag("v1")).with(Coap.MAX_AGE, 0));
        application.send(get());
        Coap forwarded = nic.receive();
        assertThat(forwarded.option(ETAG)).contains(tag("v1"));
        nic.send(Coap.answer(forwarded, Coap.VALID).with(ETAG, tag("v1")).with(Coap.MAX_AGE, 60));
        Coap answer = application.receiveMessage();
        assertThat(answer.codeText()).isEqualTo("2.05");
        assertThat(answer.payloadText()).isEqualTo("old");
        expectKept(get(), "old");
    }

    /// The proxy asked by an ETag that the client knows nothing of; what that stands for was forgotten meanwhile.
    @Test
    void clientThatHasNothingIsNotToldThatItHolds() {
        read(get(), content("old").with(ETAG, tag("v1")).with(Coap.MAX_AGE, 0));
        application.send(get());
        Coap slow = nic.receive();
        assertThat(slow.option(ETAG)).contains(tag("v1"));
        nic.send(Coap.ack(slow.mid()));
        read(
                Coap.con(Coap.PUT, application.nextMid(), "77").with(Coap.PROXY_URI, TARGET + "?cfg=C"),
                Coap.ack(0).code(Coap.CHANGED));
        nic.send(new Coap(Coap.NON, Coap.VALID, 4711, slow.token(), List.of(), new byte[0]).with(ETAG, tag("v1")));
        Coap answer = application.receiveMessage();
        assertThat(answer.codeText()).isEqualTo("2.05");
        assertThat(answer.payloadText()).isEqualTo("old");
        // It may be from before the change.
        application.send(get());
        Coap forwarded = nic.receive();
        assertThat(forwarded.has(ETAG)).isFalse();
        nic.send(Coap.answer(forwarded, Coap.CONTENT).payload("new"));
        assertThat(application.receiveMessage().payloadText()).isEqualTo("new");
    }

    /// The client has it, so it is told that and no more.
    @Test
    void clientThatHasTheAnswerIsToldThatItHolds() {
        read(get(), content("old").with(ETAG, tag("v1")).with(Coap.MAX_AGE, 60));
        Coap valid = application.ask(get().with(ETAG, tag("v0")).with(ETAG, tag("v1")));
        assertThat(valid.codeText()).isEqualTo("2.03");
        assertThat(valid.option(ETAG)).contains(tag("v1"));
        assertThat(valid.payload()).isEmpty();
        assertThat(nic.pending()).isEmpty();
    }

    /// 2.03 to an ETag of the client's goes through as it is.
    @Test
    void validationByTheClientGoesThrough() {
        application.send(get().with(ETAG, tag("mine")));
        Coap forwarded = nic.receive();
        assertThat(forwarded.option(ETAG)).contains(tag("mine"));
        nic.send(Coap.answer(forwarded, Coap.VALID).with(ETAG, tag("mine")));
        assertThat(application.receiveMessage().codeText()).isEqualTo("2.03");
    }
}
