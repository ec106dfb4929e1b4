// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.upwell.field.coap.CoapCode;
import org.upwell.field.coap.CoapFormatException;
import org.upwell.field.coap.CoapMessage;
import org.upwell.field.coap.CoapOption;
import org.upwell.field.coap.CoapType;
import org.upwell.field.sensor.CborWrapper;

@NullUnmarked // set up before each
class NicsTest {
    private static final int BOOT = 7;
    private static final byte[] TOKEN = {7, 7};
    private static final byte[] PEER = {1, 2, 3};
    private static final int SECOND = Nics.TICKS_PER_SECOND;
    private static final int EPOCH = 1_700_000_000;

    private final Deque<byte[]> sent = new ArrayDeque<>();
    private final Deque<byte[]> notifications = new ArrayDeque<>();
    private final MeshCounters counters = new MeshCounters();
    private final DeliveryLedger ledger = new DeliveryLedger(1);
    private int now;
    private Nics nics;

    private final class Wire implements Nics.Link {
        @Override
        public void send(int device, byte[] datagram) {
            sent.add(datagram);
        }

        @Override
        public void send(int device, byte[] peer, byte[] datagram) {
            assertThat(peer).isEqualTo(PEER);
            notifications.add(datagram);
        }

        @Override
        public int epochSeconds() {
            return EPOCH + now / SECOND;
        }
    }

    private static MeshField.Settings settings(Scenario scenario, int buffer) {
        return MeshField.Settings.of(
                        new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 5685),
                        1,
                        1,
                        Duration.ofSeconds(10),
                        BOOT)
                .withScenario(scenario)
                .withStart(Duration.ZERO, 1, buffer);
    }

    @BeforeEach
    void start() {
        begin(Scenario.calm(1), 5);
    }

    private void begin(Scenario scenario, int buffer) {
        sent.clear();
        now = 0;
        nics = new Nics(settings(scenario, buffer), 0, 1, new Wire(), ledger, counters);
        nics.start();
    }

    private void advance(int ticks) {
        now += ticks;
        nics.advance(now);
    }

    private CoapMessage next() throws CoapFormatException {
        assertThat(sent).as("a datagram").isNotEmpty();
        return CoapMessage.decode(sent.remove());
    }

    private void answer(CoapMessage request, int code, long maxAge) {
        CoapMessage.Builder answer = CoapMessage.of(CoapType.ACKNOWLEDGEMENT, code, request.messageId())
                .token(request.token());
        if (maxAge >= 0) {
            answer.option(CoapOption.uint(CoapOption.MAX_AGE, maxAge));
        }
        assertThat(nics.onDatagram(0, PEER, answer.build().encode())).isNull();
    }

    private void register() throws CoapFormatException {
        advance(1);
        CoapMessage registration = next();
        assertThat(registration.path()).isEqualTo("/nic");
        answer(registration, CoapCode.CHANGED, 900);
    }

    /// The next notification, or the next repeat of one.
    private CoapMessage reading() throws CoapFormatException {
        for (int i = 0; sent.isEmpty() && i < 25 * SECOND; i++) {
            advance(1);
        }
        return next();
    }

    private static List<String> queries(CoapMessage message) {
        return message.texts(CoapOption.URI_QUERY);
    }

    @Test
    void registersThenReadsByPeriodWithNumbersOfItsOwn() throws CoapFormatException {
        register();
        for (int i = 1; i <= 3; i++) {
            CoapMessage reading = reading();
            assertThat(reading.path()).isEqualTo("/bubbleup/read");
            assertThat(queries(reading))
                    .containsExactly("mac=0013500500000001", "uri=/snsr/arduino/temp", "boot=7", "seq=" + i);
            assertThat(reading.type()).isEqualTo(CoapType.CONFIRMABLE);
            assertThat(CborWrapper.decode(reading.payload()).orElseThrow().type())
                    .isEqualTo("temp");
            answer(reading, CoapCode.CHANGED, -1);
        }
        assertThat(counters.acknowledged).hasValue(3);
        assertThat(nics.waiting(0)).isZero();
    }

    @Test
    void whatIsNotAnsweredIsRepeatedByteForByteWithGrowingPauses() throws CoapFormatException {
        register();
        byte[] first = reading().encode();
        List<Integer> at = new ArrayList<>();
        for (int tick = 0; tick < 29 * SECOND; tick++) {
            advance(1);
            for (byte[] datagram = sent.poll(); datagram != null; datagram = sent.poll()) {
                assertThat(datagram).isEqualTo(first);
                at.add(tick);
            }
        }
        assertThat(at).as("RFC 7252 §4.2").hasSize(3);
        assertThat(at.get(0)).isBetween(2 * SECOND - 1, 3 * SECOND);
        assertThat(at.get(1) - at.get(0)).isBetween(4 * SECOND, 6 * SECOND);
        assertThat(at.get(2) - at.get(1)).isBetween(8 * SECOND, 12 * SECOND);
    }

    @Test
    void anEmptyAcknowledgementEndsRepeatsAndTheAnswerMayComeLater() throws CoapFormatException {
        register();
        CoapMessage reading = reading();
        nics.onDatagram(
                0,
                PEER,
                CoapMessage.empty(CoapType.ACKNOWLEDGEMENT, reading.messageId()).encode());
        advance(30 * SECOND);
        assertThat(sent).isEmpty();
        CoapMessage separate = CoapMessage.of(CoapType.CONFIRMABLE, CoapCode.CHANGED, 4711)
                .token(reading.token())
                .build();
        byte[] reply = nics.onDatagram(0, PEER, separate.encode());
        assertThat(HexFormat.of().formatHex(reply)).as("empty ACK").isEqualTo("60001267");
        assertThat(counters.acknowledged).hasValue(1);
        assertThat(nics.onDatagram(0, PEER, separate.encode()))
                .as("acknowledged again")
                .isEqualTo(reply);
        assertThat(counters.acknowledged).hasValue(1);
    }

    @Test
    void whatWaitedThroughAnOutageIsReplayedInOrderUnderItsOldNumbers() throws CoapFormatException {
        register();
        for (int second = 0; second < 45; second++) {
            advance(SECOND);
        }
        sent.clear();
        nics.powerOff(0);
        advance(SECOND);
        nics.powerOn(0, true);
        advance(1);
        CoapMessage registration = next();
        assertThat(queries(registration)).contains("boot=8");
        answer(registration, CoapCode.CHANGED, 900);
        List<String> numbers = new ArrayList<>();
        while (nics.waiting(0) > 0) {
            CoapMessage message = next();
            numbers.add(queries(message).get(2) + " " + queries(message).get(3));
            answer(message, CoapCode.CHANGED, -1);
        }
        assertThat(numbers)
                .containsExactly("boot=7 seq=1", "boot=7 seq=2", "boot=7 seq=3", "boot=7 seq=4", "boot=8 seq=5");
    }

    @Test
    void aFullBufferDropsTheOldestButNotWhatIsUnderWay() throws CoapFormatException {
        register();
        CoapMessage underWay = reading();
        for (int second = 0; second < 59; second++) {
            advance(SECOND);
        }
        assertThat(nics.waiting(0)).isEqualTo(5);
        assertThat(counters.dropped.get()).isPositive();
        sent.clear();
        CoapMessage again = reading();
        assertThat(queries(again).get(3)).isEqualTo(queries(underWay).get(3));
        assertThat(ledger.balance().lost()).isEqualTo(5);
        assertThat(ledger.balance().dropped()).isEqualTo(counters.dropped.get());
    }

    /// Whose 2.04 would else be taken for that of the one that replaced it.
    @Test
    void whatIsUnderWayStaysAlsoWithRoomForOneOnly() throws CoapFormatException {
        begin(Scenario.calm(1), 1);
        register();
        CoapMessage underWay = reading();
        for (int second = 0; second < 35; second++) {
            advance(SECOND);
        }
        sent.clear();
        answer(underWay, CoapCode.CHANGED, -1);
        assertThat(ledger.balance().dropped()).as("but the last of three more").isEqualTo(2);
        CoapMessage last = reading();
        assertThat(queries(last).get(3)).isEqualTo("seq=4");
        answer(last, CoapCode.CHANGED, -1);
        assertThat(counters.acknowledged.get()).isEqualTo(2);
        assertThat(nics.waiting(0)).isZero();
    }

    @Test
    void aBusyGatewayIsLeftAloneForAsLongAsItSays() throws CoapFormatException {
        register();
        CoapMessage reading = reading();
        answer(reading, CoapCode.SERVICE_UNAVAILABLE, 5);
        advance(5 * SECOND - 1);
        assertThat(sent).isEmpty();
        advance(1);
        CoapMessage again = next();
        assertThat(queries(again)).isEqualTo(queries(reading));
        assertThat(again.messageId()).as("a new exchange").isNotEqualTo(reading.messageId());
    }

    @Test
    void anUnknownAddressRegistersFirst() throws CoapFormatException {
        register();
        CoapMessage reading = reading();
        answer(reading, CoapCode.UNAUTHORIZED, -1);
        advance(SECOND);
        CoapMessage registration = next();
        assertThat(registration.path()).isEqualTo("/nic");
        answer(registration, CoapCode.CHANGED, 900);
        assertThat(queries(next())).isEqualTo(queries(reading));
    }

    @Test
    void registersAgainAtTwoThirdsOfItsLife() throws CoapFormatException {
        advance(1);
        answer(next(), CoapCode.CHANGED, 9);
        int at = 0;
        boolean again = false;
        while (!again && at < 10 * SECOND) {
            advance(1);
            at++;
            CoapMessage message = sent.isEmpty() ? null : next();
            again = message != null && message.path().equals("/nic");
            if (message != null && !again) {
                answer(message, CoapCode.CHANGED, -1);
            }
        }
        assertThat(at).isEqualTo(6 * SECOND);
    }

    @Test
    void aSleepingNicHearsNothingBetweenItsWakeUps() throws CoapFormatException {
        begin(Scenario.calm(1).withSleeping(1, Duration.ofSeconds(30)), 20);
        register();
        assertThat(nics.hears(0)).isFalse();
        int wakeUps = 0;
        for (int tick = 0; tick < 95 * SECOND; tick++) {
            advance(1);
            boolean woke = !sent.isEmpty();
            while (!sent.isEmpty()) {
                assertThat(nics.hears(0)).isTrue();
                answer(next(), CoapCode.CHANGED, -1);
            }
            wakeUps += woke ? 1 : 0;
        }
        assertThat(wakeUps).isBetween(3, 4);
        assertThat(counters.acknowledged.get()).as("readings of ninety seconds").isBetween(6L, 9L);
    }

    @Test
    void pingIsAnsweredByResetAndNoiseByNothing() {
        assertThat(HexFormat.of().formatHex(nics.onDatagram(0, PEER, new byte[] {0x40, 0, 1, 2})))
                .isEqualTo("70000102");
        assertThat(nics.onDatagram(0, PEER, new byte[] {1, 2, 3})).isNull();
        assertThat(nics.onDatagram(0, PEER, new byte[0])).isNull();
    }

    private CoapMessage ask(CoapMessage.Builder request) throws CoapFormatException {
        byte[] answer = nics.onDatagram(0, PEER, request.build().encode());
        assertThat(answer).isNotNull();
        return CoapMessage.decode(answer);
    }

    private static CoapMessage.Builder observe(int messageId, long observe) {
        return CoapMessage.of(CoapType.CONFIRMABLE, CoapCode.GET, messageId)
                .token(TOKEN)
                .option(CoapOption.uint(CoapOption.OBSERVE, observe))
                .path("/snsr/arduino/temp")
                .query("sens");
    }

    private CoapMessage nextNotification() throws CoapFormatException {
        CoapMessage reading = reading();
        answer(reading, CoapCode.CHANGED, -1);
        CoapMessage notification = CoapMessage.decode(notifications.remove());
        assertThat(notification.token()).isEqualTo(TOKEN);
        assertThat(notification.payload()).as("the same as goes to the gateway").isEqualTo(reading.payload());
        return notification;
    }

    // RFC 7641 §3.1, §3.6, §4.5.
    @Test
    void observerIsToldOfEachReadingUntilItResets() throws CoapFormatException {
        register();
        CoapMessage answer = ask(observe(1, 0));
        assertThat(answer.type()).isEqualTo(CoapType.ACKNOWLEDGEMENT);
        assertThat(answer.code()).isEqualTo(CoapCode.CONTENT);
        long number = answer.option(CoapOption.OBSERVE).orElseThrow().uintValue();
        assertThat(answer.option(CoapOption.MAX_AGE).orElseThrow().uintValue()).isGreaterThan(10);
        int confirmable = 0;
        for (int i = 0; i < 3 * NicObservers.CONFIRM_EVERY; i++) {
            CoapMessage notification = nextNotification();
            long next = notification.option(CoapOption.OBSERVE).orElseThrow().uintValue();
            assertThat(next).isGreaterThan(number);
            number = next;
            assertThat(notification.messageId()).isGreaterThanOrEqualTo(NicObservers.NOTIFICATION_IDS);
            if (notification.type() == CoapType.CONFIRMABLE) {
                confirmable++;
                nics.onDatagram(
                        0,
                        PEER,
                        CoapMessage.empty(CoapType.ACKNOWLEDGEMENT, notification.messageId())
                                .encode());
            }
        }
        assertThat(confirmable).isEqualTo(3);

        CoapMessage last = nextNotification();
        nics.onDatagram(
                0, PEER, CoapMessage.empty(CoapType.RESET, last.messageId()).encode());
        answer(reading(), CoapCode.CHANGED, -1);
        assertThat(notifications).isEmpty();
    }

    @Test
    void observerThatAcknowledgesNothingIsForgotten() throws CoapFormatException {
        register();
        ask(observe(1, 0));
        for (int i = 0; i < 2 * NicObservers.CONFIRM_EVERY - 1; i++) {
            nextNotification();
        }
        answer(reading(), CoapCode.CHANGED, -1);
        assertThat(notifications)
                .as("when the second confirmable one would be due")
                .isEmpty();
    }

    @Test
    void observersEndByTheirTokenAndMayNotBeTooMany() throws CoapFormatException {
        register();
        ask(observe(1, 0));
        assertThat(ask(observe(2, 1)).option(CoapOption.OBSERVE)).isEmpty();
        answer(reading(), CoapCode.CHANGED, -1);
        assertThat(notifications).isEmpty();

        for (int i = 0; i <= NicObservers.MAX_RELATIONS; i++) {
            CoapMessage.Builder request = CoapMessage.of(CoapType.CONFIRMABLE, CoapCode.GET, 10 + i)
                    .token(new byte[] {(byte) i})
                    .option(CoapOption.uint(CoapOption.OBSERVE, 0))
                    .path("/battery");
            assertThat(ask(request).option(CoapOption.OBSERVE).isPresent())
                    .as("relation %d", i)
                    .isEqualTo(i < NicObservers.MAX_RELATIONS);
        }
        answer(reading(), CoapCode.CHANGED, -1);
        assertThat(notifications).hasSize(NicObservers.MAX_RELATIONS);
        nics.powerOff(0);
        nics.powerOn(0, false);
        notifications.clear();
        register();
        answer(reading(), CoapCode.CHANGED, -1);
        assertThat(notifications).as("a restart forgets").isEmpty();
    }

    @Test
    void theDayHasItsCurve() {
        List<Double> rates = new ArrayList<>();
        for (int hour = 0; hour < 24; hour++) {
            rates.add(hour < 12 ? 0.5 : 2.0);
        }
        Scenario scenario = Scenario.calm(1).withCurve(rates, Duration.ofMinutes(40));
        begin(scenario, 1_000);
        advance(1_200 * SECOND);
        long morning = counters.readings.get();
        advance(1_200 * SECOND);
        long evening = counters.readings.get() - morning;
        assertThat(morning).isBetween(57L, 63L);
        assertThat(evening).isBetween(234L, 242L);
    }

    @Test
    void anIdleDeviceIsSmall() {
        int devices = 200_000;
        MeshField.Settings many = MeshField.Settings.of(
                new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 5685),
                devices,
                100,
                Duration.ofMinutes(15),
                1);
        long before = used();
        Nics all = new Nics(many, 0, devices, new Wire(), new MeshListener() {}, counters);
        all.start();
        long bytes = (used() - before) / devices;
        assertThat(all.count()).isEqualTo(devices);
        assertThat(bytes).as("bytes for each idle device").isBetween(30L, 100L);
    }

    private static long used() {
        Runtime runtime = Runtime.getRuntime();
        System.gc();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
