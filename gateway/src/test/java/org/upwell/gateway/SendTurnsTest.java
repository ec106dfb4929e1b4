// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.upwell.gateway.GatewayFixture.FOREIGN_MAC;
import static org.upwell.gateway.GatewayFixture.MAC;
import static org.upwell.gateway.GatewayFixture.OTHER_MAC;
import static org.upwell.gateway.GatewayFixture.OTHER_TOKEN;
import static org.upwell.gateway.GatewayFixture.TOKEN;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.access.Mac;
import org.upwell.gateway.event.GatewayEvent;
import org.upwell.gateway.proxy.ForwardProxy;

/// How much is in flight to a device and through an access point, and who goes first.
@Timeout(60)
class SendTurnsTest {

    private GatewayFixture fixture = new GatewayFixture();

    @AfterEach
    void stop() {
        fixture.close();
    }

    private void restart(int perDevice, int perAccessPoint, int waitingPerDevice, int waitingPerAccessPoint) {
        restart(GatewayFixture.config()
                .withLimits(new ForwardProxy.Limits(
                        perDevice, perAccessPoint, waitingPerDevice, waitingPerAccessPoint, 0)));
    }

    private void restart(GatewayConfig config) {
        fixture.close();
        fixture = new GatewayFixture(config);
    }

    private static void get(Peer application, String mac, String path) {
        application.send(Coap.con(Coap.GET, application.nextMid(), "77")
                .with(Coap.PROXY_URI, "coap://SSN" + mac + ".x:4849/" + path));
    }

    /// A request that its number tells from others, also in its answer.
    private static void ask(Peer application, String mac, int number) {
        application.send(Coap.con(Coap.GET, application.nextMid(), String.format(Locale.ROOT, "%02x", number))
                .with(Coap.PROXY_URI, "coap://SSN" + mac + ".x:4849/" + number));
    }

    private static void expectSentBack(Peer application, int number) {
        assertThat(expectSentBack(application)).isEqualTo(String.format(Locale.ROOT, "%02x", number));
    }

    /// @return whose number
    private static String expectSentBack(Peer application) {
        Coap refused = application.receiveMessage();
        assertThat(refused.codeText()).isEqualTo("5.03");
        assertThat(refused.uintOption(Coap.MAX_AGE)).isPositive();
        return refused.tokenHex();
    }

    private static String path(Coap request) {
        return String.join("/", request.textOptions(Coap.URI_PATH));
    }

    private static String answerNext(Peer nic) {
        Coap request = nic.receive();
        nic.send(Coap.answer(request, Coap.CONTENT));
        return path(request);
    }

    /// RFC 7252 §4.7.
    @Test
    void deviceHasOneRequestAtATime() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        get(application, MAC, "1");
        Coap first = nic.receive();
        get(application, MAC, "2");
        application.settle();
        // It answers what it is asked otherwise, so nothing was on its way.
        GatewayFixture.register(nic, MAC, 1);
        assertThat(nic.pending()).isEmpty();
        nic.send(Coap.answer(first, Coap.CONTENT));
        assertThat(answerNext(nic)).isEqualTo("2");
    }

    /// It has the first, and takes its time.
    @Test
    void acknowledgedRequestHoldsNobodyUp() {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        get(application, MAC, "1");
        nic.send(Coap.ack(nic.receive().mid()));
        get(application, MAC, "2");
        assertThat(answerNext(nic)).isEqualTo("2");
    }

    @Test
    void moreAreLetThroughIfWanted() {
        restart(2, 100, 32, 100);
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        get(application, MAC, "1");
        get(application, MAC, "2");
        assertThat(path(nic.receive())).isEqualTo("1");
        assertThat(path(nic.receive())).isEqualTo("2");
    }

    /// The devices are behind one address; one of them does not answer, but its packet is out of the air when it
    /// has to be sent again.
    @Test
    void accessPointCarriesSoManyAtATime() {
        restart(GatewayFixture.config()
                .withLimits(new ForwardProxy.Limits(1, 1, 32, 100, 0))
                .withTimes(GatewayFixture.RESENDING));
        Peer silent = fixture.nic(MAC);
        Peer nic = fixture.nic(OTHER_MAC);
        Peer application = fixture.application(TOKEN);
        get(application, MAC, "silent");
        silent.receive();
        get(application, OTHER_MAC, "waits");
        application.settle();
        GatewayFixture.register(nic, OTHER_MAC, 1);
        Optional<Coap> early = nic.pending();
        Optional<Coap> again = silent.pending();
        assertThat(early.isEmpty() || again.isPresent())
                .as("it goes when the other had to be sent again, perhaps by now")
                .isTrue();
        assertThat(path(again.orElseGet(silent::receive))).isEqualTo("silent");
        assertThat(path(early.orElseGet(nic::receive))).isEqualTo("waits");
    }

    @Test
    void whatFindsNoRoomIsSentBack() {
        restart(1, 100, 2, 100);
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        for (String path : List.of("1", "2", "3", "4")) {
            get(application, MAC, path);
        }
        Coap refused = application.receiveMessage();
        assertThat(refused.codeText()).isEqualTo("5.03");
        assertThat(refused.uintOption(Coap.MAX_AGE)).isPositive();
        assertThat(fixture.count(GatewayEvent.PROXY_BUSY)).isEqualTo(1);
        assertThat(answerNext(nic)).isEqualTo("1");
        assertThat(answerNext(nic)).isEqualTo("2");
        assertThat(answerNext(nic)).isEqualTo("3");
    }

    @Test
    void accessPointHasRoomForSoMany() {
        restart(1, 1, 10, 1);
        Peer nic = fixture.nic(MAC);
        fixture.nic(OTHER_MAC);
        Peer application = fixture.application(TOKEN);
        get(application, MAC, "1");
        nic.receive();
        get(application, OTHER_MAC, "2");
        get(application, OTHER_MAC, "3");
        assertThat(application.receiveMessage().codeText()).isEqualTo("5.03");
    }

    /// The fifth of a session and those after it are bulk.
    @Test
    void interactiveRequestTakesThePlaceOfTheNewestBulkOne() {
        restart(1, 1, 100, 6);
        Peer nic = fixture.nic(MAC);
        Peer other = fixture.nic(OTHER_MAC);
        Peer many = fixture.application(TOKEN);
        for (int i = 1; i <= 7; i++) {
            ask(many, MAC, i);
        }
        many.settle();
        Peer few = fixture.application(TOKEN);
        ask(few, OTHER_MAC, 0x0a);
        expectSentBack(many, 7);
        assertThat(fixture.count(GatewayEvent.PROXY_BUSY)).isEqualTo(1);
        assertThat(answerNext(nic)).isEqualTo("1");
        assertThat(answerNext(nic)).isEqualTo("2");
        assertThat(answerNext(other)).isEqualTo("10");
        assertThat(few.receiveMessage().codeText()).isEqualTo("2.05");
        for (int i = 3; i <= 6; i++) {
            assertThat(answerNext(nic)).isEqualTo(Integer.toString(i));
        }
    }

    /// The places at a device, while the access point has plenty.
    @Test
    void interactiveRequestTakesAPlaceAtItsDevice() {
        restart(1, 100, 4, 100);
        Peer nic = fixture.nic(MAC);
        Peer many = fixture.application(TOKEN);
        for (int i = 1; i <= 5; i++) {
            ask(many, MAC, i);
        }
        many.settle();
        Peer few = fixture.application(TOKEN);
        ask(few, MAC, 0x0a);
        expectSentBack(many, 5);
        List<String> order = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            order.add(answerNext(nic));
        }
        assertThat(order).containsExactly("1", "2", "10", "3", "4");
    }

    /// The one that goes was all that was known of its device.
    @Test
    void placeOfTheOnlyOneThatWaitsIsAsGoodAsAny() {
        restart(1, 1, 1, 100);
        List<String> macs = List.of(MAC, "00135005004700a2", "00135005004700a3", OTHER_MAC);
        macs.forEach(mac -> fixture.owners.put(Mac.parse(mac), GatewayFixture.TENANT));
        List<Peer> nics = macs.stream().map(fixture::nic).toList();
        Peer many = fixture.application(TOKEN);
        for (int number : List.of(1, 1, 2, 3, 4)) {
            ask(many, macs.get(number - 1), number);
        }
        many.settle();
        Peer few = fixture.application(TOKEN);
        ask(few, OTHER_MAC, 0x0a);
        expectSentBack(many, 4);
        List<String> order = new ArrayList<>();
        for (int number : List.of(1, 1, 4, 2, 3)) {
            order.add(answerNext(nics.get(number - 1)));
        }
        assertThat(order).containsExactly("1", "1", "10", "2", "3");
    }

    /// Until both have as much; from then on each new one finds no room.
    @Test
    void tenantWithLessTakesThePlacesOfTheOneWithMost() {
        restart(1, 1, 100, 10);
        Peer nic = fixture.nic(MAC);
        Peer foreign = fixture.nic(FOREIGN_MAC);
        Peer one = fixture.application(TOKEN);
        for (int i = 1; i <= 11; i++) {
            ask(one, MAC, i);
        }
        one.settle();
        Coap first = nic.receive();
        Peer stranger = fixture.application(OTHER_TOKEN);
        for (int i = 1; i <= 6; i++) {
            ask(stranger, FOREIGN_MAC, i);
        }
        // Its first four are interactive, the fifth is bulk as these were; its sixth would only have to go for the
        // next of theirs.
        List<String> sentBack = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            sentBack.add(expectSentBack(one));
        }
        // They are told by more than one thread.
        assertThat(sentBack).containsExactlyInAnyOrder("0b", "0a", "09", "08", "07");
        expectSentBack(stranger, 6);
        // So much for places to wait in; the turns are given as ever: interactive ones first.
        nic.send(Coap.answer(first, Coap.CONTENT));
        List<String> order = new ArrayList<>();
        for (Peer next : List.of(nic, foreign, nic, foreign, nic, foreign, foreign, nic, foreign, nic)) {
            order.add(answerNext(next));
        }
        assertThat(order).containsExactly("2", "1", "3", "2", "4", "3", "4", "5", "5", "6");
    }

    /// RFC 7641: the client may ask again.
    @Test
    void registrationThatFindsNoRoomIsSentBack() {
        restart(1, 100, 0, 100);
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        get(application, MAC, "1");
        nic.receive();
        application.send(Coap.con(Coap.GET, application.nextMid(), "0b")
                .with(Coap.OBSERVE, 0)
                .with(Coap.PROXY_URI, "coap://SSN" + MAC + ".x/2"));
        Coap refused = application.receiveMessage();
        assertThat(refused.tokenHex()).isEqualTo("0b");
        assertThat(refused.codeText()).isEqualTo("5.03");
        assertThat(refused.uintOption(Coap.MAX_AGE)).isPositive();
    }

    /// Patience counts from when the request came, in the queue too.
    @Test
    void patienceEndsWhileARequestWaits() {
        restart(GatewayFixture.config().withPatience(GatewayFixture.SHORT_NON));
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        // The device never answers, and is not given up before the patience of the second ends.
        get(application, MAC, "1");
        application.send(
                Coap.non(Coap.GET, application.nextMid(), "a0").with(Coap.PROXY_URI, "coap://SSN" + MAC + ".x/2"));
        Coap answer = application.receiveMessage();
        assertThat(answer.tokenHex()).isEqualTo("a0");
        assertThat(answer.codeText()).isEqualTo("5.04");
        assertThat(path(nic.receive())).isEqualTo("1");
    }

    /// Sessions of a tenant take turns, and those of whoever asks for little come before the rest of one that asks
    /// for much.
    @Test
    void whoAsksForLittleGoesBeforeBulk() {
        Peer nic = fixture.nic(MAC);
        Peer many = fixture.application(TOKEN);
        Peer few = fixture.application(TOKEN);
        for (int i = 1; i <= 7; i++) {
            get(many, MAC, "many" + i);
        }
        many.settle();
        Coap first = nic.receive();
        get(few, MAC, "few1");
        get(few, MAC, "few2");
        few.settle();
        nic.send(Coap.answer(first, Coap.CONTENT));
        List<String> order = new ArrayList<>(List.of(path(first)));
        for (int i = 0; i < 8; i++) {
            order.add(answerNext(nic));
        }
        // In the meantime every eighth turn is bulk's, which is not reached here.
        assertThat(order)
                .containsExactly("many1", "many2", "few1", "many3", "few2", "many4", "many5", "many6", "many7");
    }

    @Test
    void tenantsTakeTurns() {
        restart(1, 1, 32, 100);
        Peer nic = fixture.nic(MAC);
        Peer other = fixture.nic(OTHER_MAC);
        Peer foreign = fixture.nic(FOREIGN_MAC);
        Peer one = fixture.application(TOKEN);
        Peer two = fixture.application(TOKEN);
        Peer stranger = fixture.application(OTHER_TOKEN);
        get(one, MAC, "1");
        Coap first = nic.receive();
        get(one, OTHER_MAC, "2");
        get(one, OTHER_MAC, "3");
        one.settle();
        get(two, OTHER_MAC, "4");
        two.settle();
        get(stranger, FOREIGN_MAC, "5");
        stranger.settle();
        nic.send(Coap.answer(first, Coap.CONTENT));
        assertThat(answerNext(other)).isEqualTo("2");
        assertThat(answerNext(foreign)).as("the tenant that was not served yet").isEqualTo("5");
        assertThat(answerNext(other)).as("its other session").isEqualTo("4");
        assertThat(answerNext(other)).isEqualTo("3");
    }

    /// What waits for a device that moves meanwhile is sent to where it is then.
    @Test
    void waitingRequestFindsTheDeviceWhereItIs() {
        Peer before = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        application.send(
                Coap.con(Coap.POST, application.nextMid(), "77").with(Coap.PROXY_URI, "coap://SSN" + MAC + ".x/post"));
        before.receive();
        get(application, MAC, "waits");
        application.settle();
        Peer after = GatewayFixture.register(fixture.nic(), MAC, 1);
        // The POST may have been carried out: it is not sent again, and is given up before the other goes.
        assertThat(path(after.receive())).isEqualTo("waits");
    }
}
