// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.upwell.gateway.GatewayFixture.FOREIGN_MAC;
import static org.upwell.gateway.GatewayFixture.MAC;
import static org.upwell.gateway.GatewayFixture.OTHER_MAC;
import static org.upwell.gateway.GatewayFixture.OTHER_TOKEN;
import static org.upwell.gateway.GatewayFixture.TENANT;
import static org.upwell.gateway.GatewayFixture.TOKEN;
import static org.upwell.gateway.GatewayFixture.UNOWNED_MAC;
import static org.upwell.gateway.GatewayFixture.bubbleUp;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.access.Mac;
import org.upwell.gateway.traffic.AnswerCounters;
import org.upwell.gateway.traffic.AnswerCounters.Dimension;
import org.upwell.gateway.traffic.AnswerCounters.Traffic;
import org.upwell.gateway.traffic.Trace;
import org.upwell.gateway.traffic.TracedMessage;

/// What operators see of the traffic: numbers by tenant and access point, and the messages of one device.
@Timeout(60)
class TrafficTest {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private GatewayFixture fixture;

    @BeforeEach
    void start() {
        fixture = new GatewayFixture();
    }

    @AfterEach
    void stop() {
        fixture.close();
    }

    private static Coap read(int mid, String token, String mac) {
        return Coap.con(Coap.GET, mid, token)
                .with(Coap.PROXY_URI, "coap://SSN" + mac + ".net:4849/snsr/arduino/temp?sens");
    }

    private Trace trace(String mac, boolean withPayload) {
        return fixture.gateway.traces().start(Mac.parse(mac), withPayload).orElseThrow();
    }

    private static List<TracedMessage> next(Trace trace, int count) throws InterruptedException {
        List<TracedMessage> messages = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            messages.add(trace.next(PATIENCE).orElseThrow(() -> new AssertionError("only " + messages)));
        }
        return messages;
    }

    private static String line(TracedMessage message) {
        return String.join(
                " ",
                message.listener(),
                message.direction(),
                message.type(),
                message.code(),
                Integer.toString(message.mid()),
                "[" + message.token() + "]",
                message.uri(),
                Integer.toString(message.payloadBytes()),
                message.outcome().replaceFirst("after .*", "after"));
    }

    private long count(Dimension dimension, String name, Traffic traffic, String code) {
        return fixture.gateway.answers().snapshot().stream()
                .filter(each -> each.label().dimension() == dimension
                        && each.label().name().equals(name)
                        && each.label().traffic() == traffic
                        && each.label().code().text.equals(code))
                .mapToLong(AnswerCounters.Count::count)
                .sum();
    }

    @Test
    void traceShowsWhatADeviceSendsAndWhatItIsAnsweredAndNothingOfOthers() throws Exception {
        Peer other = fixture.nic(OTHER_MAC);
        try (Trace trace = trace(MAC, false)) {
            Peer nic = fixture.nic(MAC);
            other.ask(bubbleUp(7, OTHER_MAC, 1, 1));
            nic.ask(bubbleUp(8, MAC, 1, 1));
            // The same datagram again, as after a lost answer.
            nic.ask(bubbleUp(8, MAC, 1, 1));

            List<TracedMessage> messages = next(trace, 6);
            String uri = "/bubbleup/read?mac=" + MAC + "&uri=/arduino/temp?sens&boot=1&seq=1";
            assertThat(messages.subList(2, 6))
                    .extracting(TrafficTest::line)
                    .containsExactly(
                            "field in CON POST 8 [c0ffee] " + uri + " 18 received",
                            "field out ACK 2.04 8 [c0ffee] " + uri + " 0 after",
                            "field in CON POST 8 [c0ffee] " + uri + " 18 repeated",
                            "field out ACK 2.04 8 [c0ffee] " + uri + " 0 repeated");
            assertThat(messages.get(2).peer())
                    .isEqualTo("127.0.0.1:" + nic.address().getPort());
            assertThat(messages.get(2).time()).isEqualTo(fixture.clock.instant());
            assertThat(messages).extracting(TracedMessage::payload).containsOnlyNulls();
            assertThat(trace.next(Duration.ZERO)).isEmpty();
        }
        assertThat(fixture.gateway.traces().size()).isZero();
    }

    @Test
    void traceFollowsARequestThroughTheProxyBothWays() throws Exception {
        Peer nic = fixture.nic(MAC);
        Peer application = fixture.application(TOKEN);
        Peer stranger = fixture.application(OTHER_TOKEN);
        try (Trace trace = trace(MAC, true)) {
            application.send(read(30, "0a", MAC));
            Coap asked = nic.receive();
            nic.send(Coap.answer(asked, Coap.CONTENT).payload("72.50"));
            assertThat(application.receive().payloadText()).isEqualTo("72.50");
            // Refused, but traced: somebody tries to reach the device.
            assertThat(stranger.ask(read(31, "0b", MAC)).codeText()).isEqualTo("4.04");
            // Another device with the token of before.
            assertThat(application.ask(read(32, "0a", OTHER_MAC)).codeText()).isEqualTo("5.04");

            String uri = "coap://SSN" + MAC + ".net:4849/snsr/arduino/temp?sens";
            List<TracedMessage> messages = next(trace, 6);
            assertThat(messages)
                    .extracting(TrafficTest::line)
                    .containsExactly(
                            "coap in CON GET 30 [0a] " + uri + " 0 received",
                            "field out CON GET " + asked.mid() + " [" + asked.tokenHex()
                                    + "] /snsr/arduino/temp?sens 0 sent",
                            "field in ACK 2.05 " + asked.mid() + " [" + asked.tokenHex()
                                    + "] /snsr/arduino/temp?sens 5 after",
                            "coap out ACK 2.05 30 [0a] " + uri + " 5 after",
                            "coap in CON GET 31 [0b] " + uri + " 0 received",
                            "coap out ACK 4.04 31 [0b] " + uri + " 14 after");
            assertThat(messages.get(3).payload()).isEqualTo("72.50".getBytes(StandardCharsets.US_ASCII));
            assertThat(trace.next(Duration.ZERO)).isEmpty();
        }
    }

    @Test
    void onlySoManyTracesAreOpenAtATime() {
        List<Trace> open = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            open.add(trace(MAC, false));
        }
        assertThat(fixture.gateway.traces().start(Mac.parse(MAC), false)).isEqualTo(Optional.empty());
        open.getFirst().close();
        open.set(0, trace(MAC, false));
        open.forEach(Trace::close);
    }

    @Test
    void readerThatIsTooSlowIsToldHowMuchItMissed() {
        Peer nic = fixture.nic(MAC);
        try (Trace trace = trace(MAC, false)) {
            for (int i = 0; i < 510; i++) {
                nic.ask(GatewayFixture.registration(nic.nextMid(), MAC, 1));
            }
            await().until(() -> trace.takeLeftOut() > 0);
        }
    }

    @Test
    void answersAreCountedByTenantAndAccessPoint() {
        Peer nic = fixture.nic(MAC);
        fixture.nic(FOREIGN_MAC);
        Peer nobodys = fixture.nic(UNOWNED_MAC);
        nic.ask(bubbleUp(8, MAC, 1, 1));
        nic.ask(bubbleUp(9, FOREIGN_MAC, 1, 1));
        nobodys.ask(bubbleUp(10, UNOWNED_MAC, 1, 1));
        Peer application = fixture.application(TOKEN);
        application.ask(read(30, "0a", FOREIGN_MAC));
        fixture.application().ask(read(31, "0b", MAC));

        // Each was registered first.
        assertThat(count(Dimension.TENANT, TENANT, Traffic.TO_DEVICES, "2.04")).isEqualTo(2);
        assertThat(count(Dimension.TENANT, TENANT, Traffic.TO_DEVICES, "4.03")).isEqualTo(1);
        assertThat(count(Dimension.TENANT, AnswerCounters.NOBODY, Traffic.TO_DEVICES, "2.04"))
                .isEqualTo(2);
        assertThat(count(Dimension.ACCESS_POINT, "127.0.0.1", Traffic.TO_DEVICES, "2.04"))
                .isEqualTo(5);
        assertThat(count(Dimension.TENANT, TENANT, Traffic.TO_APPLICATIONS, "2.01"))
                .isEqualTo(1);
        assertThat(count(Dimension.TENANT, TENANT, Traffic.TO_APPLICATIONS, "4.04"))
                .isEqualTo(1);
        assertThat(count(Dimension.TENANT, AnswerCounters.NOBODY, Traffic.TO_APPLICATIONS, "4.01"))
                .isEqualTo(1);
    }
}
