// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.upwell.field.coap.CoapCode;
import org.upwell.field.coap.CoapMessage;
import org.upwell.field.coap.CoapOption;
import org.upwell.field.coap.CoapType;
import org.upwell.field.hdlc.Frame;
import org.upwell.field.hdlc.FrameKind;
import org.upwell.field.nic.GatewayClient.Answer;
import org.upwell.field.sensor.CborWrapper;
import org.upwell.field.sensor.Firmware;
import org.upwell.field.sensor.Sensor;
import org.upwell.field.sensor.TemperatureDriver;

/// A NIC on a wire towards its sensor and its gateway.
class NicTest extends NicOnAWire {
    @Test
    void startCollectsSetsTheTimeThenRegistersSpreadOut() {
        // SNRM RR DISC, SNRM time, register temp, two seconds, register ncmth1
        started(BubbleUpEntry.read(TEMP), BubbleUpEntry.alert(METHANE));
        loop.advance(Duration.ofSeconds(10));
        assertThat(tapped.sent)
                .extracting(Frame::kind)
                .startsWith(
                        FrameKind.SET_NORMAL_RESPONSE_MODE,
                        FrameKind.RECEIVE_READY,
                        FrameKind.DISCONNECT,
                        FrameKind.SET_NORMAL_RESPONSE_MODE,
                        FrameKind.INFORMATION);
        assertThat(tapped.requests())
                .containsExactly("0.03 /sys/time", "0.01 /arduino/temp observe 0", "0.01 /arduino/ncmth1 observe 0");
    }

    @Test
    void readingsArriveOncePerPeriodWithTheRealTimeAndGoOutInOrder() {
        started(BubbleUpEntry.read(TEMP));
        loop.advance(Duration.ofMinutes(60));
        assertThat(acknowledged).hasSizeBetween(59, 60);
        for (int i = 0; i < acknowledged.size(); i++) {
            assertThat(acknowledged.get(i).sequence()).isEqualTo(i + 1L);
        }
        assertThat(epochs()).isSorted().doesNotHaveDuplicates();
        long last = epochs().getLast();
        assertThat(last)
                .isBetween(
                        clock.instant().getEpochSecond() - 62, clock.instant().getEpochSecond());
        GatewayClient.Post first = network.bubbleUps().getFirst();
        assertThat(first.path()).isEqualTo("/bubbleup/read");
        assertThat(first.queries())
                .containsExactly("mac=001350050047dd92", "uri=/snsr/arduino/temp", "boot=7", "seq=1");
        assertThat(first.confirmable()).isTrue();
        assertThat(first.contentFormat()).isEqualTo(60);
        assertThat(network.notified).hasSameSizeAs(acknowledged).containsOnly(TEMP);
    }

    @Test
    void withoutAWakeLineTheTimerAloneFindsEveryReading() {
        tapped.deaf = true;
        started(BubbleUpEntry.read(TEMP));
        loop.advance(Duration.ofMinutes(30));
        assertThat(acknowledged).hasSizeBetween(28, 30);
    }

    @Test
    void alarmGoesOutAtOnceAndNothingElseEver() {
        started(BubbleUpEntry.alert(METHANE));
        loop.advance(Duration.ofHours(3));
        assertThat(buffered).isEmpty();
        long before = tapped.requests().size();
        sensor().run(() -> methane.measure(9_000));
        loop.advance(Duration.ofSeconds(2));
        assertThat(network.bubbleUps()).extracting(GatewayClient.Post::path).containsExactly("/bubbleup/alert");
        assertThat(tapped.requests())
                .as("a push-only sensor is not registered again")
                .hasSize((int) before);
    }

    @Test
    void sensorRestartIsFollowedByTimeThenRegistration() {
        started(BubbleUpEntry.read(TEMP));
        loop.advance(Duration.ofMinutes(5));
        tapped.sent.clear();
        sensor().restart();
        loop.advance(Duration.ofSeconds(8));
        assertThat(tapped.requests()).containsExactly("0.03 /sys/time", "0.01 /arduino/temp observe 0");
        int before = acknowledged.size();
        loop.advance(Duration.ofMinutes(5));
        assertThat(acknowledged).hasSizeGreaterThanOrEqualTo(before + 4);
        assertThat(epochs()).isSorted();
    }

    /// Reboot events are equal to the byte; only an empty slot tells two of them apart.
    @Test
    void rebootEventAfterOneWhoseClearingWasNotConfirmedIsAnother() {
        started(BubbleUpEntry.alert(METHANE));
        loop.advance(Duration.ofMinutes(5));
        int before = reboots;
        tapped.losesConfirmations = true;
        sensor().restart();
        loop.advance(Duration.ofSeconds(8));
        assertThat(reboots).isEqualTo(before + 1);
        assertThat(tapped.sent.getLast().kind()).isEqualTo(FrameKind.DISCONNECT);
        loop.advance(Duration.ofSeconds(4));
        tapped.losesConfirmations = false;
        loop.advance(Duration.ofSeconds(25));
        assertThat(reboots).as("the same event is told once").isEqualTo(before + 1);
        sensor().restart();
        loop.advance(Duration.ofSeconds(15));
        assertThat(reboots).isEqualTo(before + 2);
    }

    @Test
    void sensorRestartThatNobodyHeardIsNoticedByTheNextPoll() {
        started(BubbleUpEntry.read(TEMP));
        loop.advance(Duration.ofMinutes(2));
        tapped.deaf = true;
        sensor().restart();
        loop.advance(Duration.ofMinutes(5));
        assertThat(epochs().getLast()).isGreaterThan(clock.instant().getEpochSecond() - 65);
    }

    @Test
    void silentPeriodicSensorIsRegisteredAgain() {
        started(BubbleUpEntry.read(TEMP));
        loop.advance(Duration.ofMinutes(3));
        // Somebody else's registration takes the path over, so the NIC's token gets nothing any more.
        cancelBehindTheNicsBack();
        tapped.sent.clear();
        loop.advance(Duration.ofSeconds(3 * 90 + 20));
        assertThat(tapped.requests()).contains("0.01 /arduino/temp observe 0");
        int before = acknowledged.size();
        loop.advance(Duration.ofMinutes(3));
        assertThat(acknowledged).hasSizeGreaterThan(before);
    }

    private void change(Nic nic, BubbleUpEntry... rows) {
        nic.changeTable(List.of(rows), kept -> assertThat(kept).isTrue());
        loop.run();
    }

    /// Its registration is under way when its row goes and comes again.
    @Test
    void rowThatComesBackDuringItsRegistrationIsHeard() {
        Nic nic = started();
        loop.advance(Duration.ofSeconds(30));
        change(nic, BubbleUpEntry.read(TEMP));
        loop.advance(Duration.ofMillis(100));
        change(nic);
        change(nic, BubbleUpEntry.read(TEMP));
        loop.advance(Duration.ofMinutes(5));
        assertThat(acknowledged).hasSizeBetween(3, 5);
    }

    @Test
    void sensorThatIsSaidToBePeriodicNowIsWatchedForSilence() {
        Nic nic = started(BubbleUpEntry.alert(TEMP));
        loop.advance(Duration.ofMinutes(3));
        change(nic, BubbleUpEntry.read(TEMP));
        cancelBehindTheNicsBack();
        int before = acknowledged.size();
        loop.advance(Duration.ofMinutes(9));
        assertThat(acknowledged).hasSizeGreaterThan(before + 2);
    }

    private void cancelBehindTheNicsBack() {
        // Off and on without the reboot event being heard: the sensor forgets, DISC clears the event.
        tapped.cut = true;
        sensor().restart();
        loop.advance(Duration.ofMillis(1));
        onTheWire(Frame.unnumbered(FrameKind.SET_NORMAL_RESPONSE_MODE), Frame.unnumbered(FrameKind.DISCONNECT));
        tapped.cut = false;
    }

    /// Past the NIC.
    private void onTheWire(Frame... frames) {
        for (Frame frame : frames) {
            try {
                wire.nic().write(frame.encode());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            loop.advance(REAL_GAP.plusMillis(1));
        }
    }

    /// The token is that of the NIC's former life, so the notification finds its row; when it was due nobody knows.
    @Test
    void notificationFromBeforeTheStartSaysNothingAboutTheInterval() {
        sensor(Firmware.V1_4_8).start();
        loop.advance(Duration.ofMillis(1));
        // Else the NIC would put the clock forward, which makes every period due.
        CoapMessage time = CoapMessage.of(CoapType.CONFIRMABLE, CoapCode.PUT, 1)
                .path("/sys/time")
                .payload(ByteBuffer.allocate(10)
                        .put(new byte[] {6, 8})
                        .putInt((int) clock.instant().getEpochSecond())
                        .putInt(0)
                        .array())
                .build();
        byte[] token = ByteBuffer.allocate(4).putInt("/arduino/temp".hashCode()).array();
        CoapMessage registration = CoapMessage.of(CoapType.CONFIRMABLE, CoapCode.GET, 2)
                .token(token)
                .path("/arduino/temp")
                .query("sens")
                .option(CoapOption.uint(CoapOption.OBSERVE, 0))
                .build();
        onTheWire(
                Frame.unnumbered(FrameKind.SET_NORMAL_RESPONSE_MODE),
                Frame.receiveReady(0),
                Frame.unnumbered(FrameKind.DISCONNECT),
                Frame.unnumbered(FrameKind.SET_NORMAL_RESPONSE_MODE),
                Frame.information(0, 0, time.encode()),
                Frame.information(1, 1, registration.encode()));
        loop.advance(Duration.ofSeconds(61));
        start(nic(BubbleUpEntry.read(TEMP)));
        loop.advance(Duration.ofSeconds(8));
        assertThat(acknowledged)
                .as("that notification %s %s %s", dropped, tapped.sent, buffered)
                .hasSize(1);
        cancelBehindTheNicsBack();
        tapped.sent.clear();
        loop.advance(Duration.ofSeconds(3 * 90 + 20));
        assertThat(tapped.requests()).contains("0.01 /arduino/temp observe 0");
    }

    @Test
    void slowPeriodicSensorIsNotStarvedByItsOwnUpkeep() {
        new Sensor(
                        Sensor.Settings.of(Firmware.V1_4_8).withIdleGap(REAL_GAP),
                        List.of(new TemperatureDriver(Duration.ofMinutes(30), 1)),
                        loop,
                        wire.sensor(),
                        cause -> {})
                .start();
        start(nic(BubbleUpEntry.read(TEMP)));
        loop.advance(Duration.ofHours(8));
        assertThat(acknowledged).hasSizeGreaterThanOrEqualTo(13);
    }

    @Test
    void deadLineIsSurvivedAndNothingIsSentTwice() {
        started(BubbleUpEntry.read(TEMP));
        loop.advance(Duration.ofMinutes(5));
        tapped.cut = true;
        loop.advance(Duration.ofMinutes(7));
        int before = acknowledged.size();
        tapped.cut = false;
        loop.advance(Duration.ofMinutes(10));
        assertThat(acknowledged).hasSizeGreaterThanOrEqualTo(before + 8);
        assertThat(epochs()).isSorted().doesNotHaveDuplicates();
    }

    /// Hours of cut lines, lost pulses and restarted sensors: every reading that went out went out once and in
    /// order, and afterwards the device speaks as if nothing had been.
    @Test
    void badWeatherOnTheLineIsSurvived() {
        for (long seed = 1; seed <= 20; seed++) {
            NicTest fresh = new NicTest();
            Random random = new Random(seed);
            fresh.started(BubbleUpEntry.read(TEMP), BubbleUpEntry.alert(METHANE));
            for (int hour = 0; hour < 6; hour++) {
                fresh.tapped.cut = random.nextInt(3) == 0;
                fresh.loop.advance(Duration.ofMillis(random.nextInt(600_000)));
                fresh.tapped.cut = false;
                fresh.tapped.deaf = random.nextBoolean();
                if (random.nextInt(3) == 0) {
                    fresh.sensor().restart();
                }
                fresh.loop.advance(Duration.ofMillis(random.nextInt(1_800_000)));
            }
            fresh.loop.advance(Duration.ofMinutes(30));
            List<Long> epochs = fresh.epochs();
            assertThat(epochs).as("seed %d", seed).isSorted().doesNotHaveDuplicates();
            assertThat(epochs.getLast())
                    .as("seed %d", seed)
                    .isGreaterThan(fresh.clock.instant().getEpochSecond() - 130);
            assertThat(fresh.acknowledged)
                    .as("seed %d", seed)
                    .extracting(Notification::sequence)
                    .isSorted()
                    .doesNotHaveDuplicates();
        }
    }

    @Test
    void gatewayOutageFillsTheBufferWhichThenGoesOutInOrder() {
        started(BubbleUpEntry.read(TEMP));
        loop.advance(Duration.ofSeconds(90));
        network.answers = post -> new Answer.Nothing();
        loop.advance(Duration.ofMinutes(15));
        assertThat(acknowledged).hasSize(1);
        network.answers = post -> new Answer.Response(CoapCode.CHANGED, -1);
        loop.advance(Duration.ofSeconds(30));
        assertThat(acknowledged)
                .extracting(Notification::sequence)
                .startsWith(1L, 2L, 3L, 4L)
                .hasSizeGreaterThan(14);
        assertThat(dropped).isEmpty();
    }

    /// What cannot be kept stays on the sensor, and everything else goes on.
    @Test
    void fullDiskDoesNotStopTheNic() {
        Nic nic = started(BubbleUpEntry.alert(METHANE), BubbleUpEntry.read("/battery"));
        loop.advance(Duration.ofSeconds(10));
        diskFull = true;
        sensor().run(() -> methane.measure(9_000));
        loop.advance(Duration.ofMinutes(20));
        assertThat(buffered).isEmpty();
        List<SensorAnswer> answers = new ArrayList<>();
        nic.proxy(new Nic.Proxied(SensorClient.Request.get("/arduino/temp", "sens"), List.of()), answers::add);
        loop.advance(Duration.ofSeconds(5));
        assertThat(answers).singleElement().isInstanceOf(SensorAnswer.Response.class);

        diskFull = false;
        loop.advance(Duration.ofSeconds(25));
        assertThat(acknowledged).extracting(Notification::uri).containsExactly(METHANE);
        loop.advance(Duration.ofMinutes(20));
        assertThat(acknowledged).extracting(Notification::uri).contains("/battery");
    }

    @Test
    void fullBufferDropsTheOldestAndSaysSo() {
        network.answers = post -> new Answer.Nothing();
        started(BubbleUpEntry.read(TEMP));
        loop.advance(Duration.ofMinutes(23));
        assertThat(buffered).hasSizeGreaterThan(20);
        assertThat(dropped).hasSize(buffered.size() - 20).startsWith("1 buffer full");
    }

    @Test
    void gatewayThatDoesNotKnowTheAddressIsRegisteredWithFirst() {
        started(BubbleUpEntry.read(TEMP));
        loop.advance(Duration.ofSeconds(30));
        network.answers = post -> new Answer.Response(
                post.path().equals("/nic") || network.registrations().size() > 1
                        ? CoapCode.CHANGED
                        : CoapCode.FORBIDDEN,
                -1);
        loop.advance(Duration.ofSeconds(60));
        assertThat(network.registrations()).hasSize(2);
        assertThat(acknowledged).hasSize(1);
        assertThat(dropped).isEmpty();
    }

    @Test
    void whatTheGatewayCallsMalformedDoesNotHoldUpTheRestForEver() {
        network.answers = post ->
                new Answer.Response(post.queries().contains("seq=1") ? CoapCode.BAD_REQUEST : CoapCode.CHANGED, -1);
        started(BubbleUpEntry.read(TEMP));
        loop.advance(Duration.ofMinutes(4));
        assertThat(dropped).containsExactly("1 refused with 4.00");
        assertThat(acknowledged).extracting(Notification::sequence).startsWith(2L, 3L);
    }

    @Test
    void registrationIsRenewedAtTwoThirdsOfItsLife() {
        started();
        assertThat(network.registrations()).hasSize(1);
        assertThat(network.registrations().getFirst().queries()).containsExactly("mac=001350050047dd92", "boot=7");
        loop.advance(Duration.ofSeconds(599));
        assertThat(network.registrations()).hasSize(1);
        loop.advance(Duration.ofSeconds(2));
        assertThat(network.registrations()).hasSize(2);
        network.answers = post -> new Answer.Nothing();
        loop.advance(Duration.ofSeconds(700));
        assertThat(network.registrations()).hasSizeGreaterThan(4);
    }

    @Test
    void nothingGoesOutBeforeTheFirstRegistration() {
        network.answers = post -> new Answer.Nothing();
        started(BubbleUpEntry.read(TEMP));
        loop.advance(Duration.ofMinutes(3));
        assertThat(network.bubbleUps()).isEmpty();
        assertThat(buffered).isNotEmpty();
    }

    @Test
    void coapDeliveryServesObserversOnly() {
        started(BubbleUpEntry.parse("read:/snsr/arduino/temp:coap"));
        loop.advance(Duration.ofMinutes(5));
        assertThat(network.bubbleUps()).isEmpty();
        assertThat(network.notified).hasSizeBetween(4, 5);
    }

    @Test
    void manyObserversShareOneRegistrationWhichEndsWithTheLast() {
        Nic nic = started();
        loop.advance(Duration.ofSeconds(5));
        tapped.sent.clear();
        List<SensorAnswer> answers = new ArrayList<>();
        network.observed.add("/arduino/temp");
        nic.observe("/arduino/temp", answers::add);
        loop.advance(Duration.ofSeconds(3));
        nic.observe("/arduino/temp", answers::add);
        loop.advance(Duration.ofSeconds(90));
        nic.observe("/arduino/temp", answers::add);
        loop.advance(Duration.ofSeconds(5));
        assertThat(tapped.requests()).containsExactly("0.01 /arduino/temp observe 0");
        assertThat(answers.get(0)).isInstanceOf(SensorAnswer.Response.class);
        assertThat(answers.get(1)).isInstanceOf(SensorAnswer.Empty.class);
        // The notification came half a minute ago and was good for 90 s.
        assertThat(answers.get(2))
                .isInstanceOfSatisfying(
                        SensorAnswer.Cached.class,
                        cached -> assertThat(cached.reading().maxAgeSeconds()).isBetween(55L, 62L));

        nic.unobserve("/arduino/temp");
        loop.advance(Duration.ofSeconds(3));
        assertThat(tapped.requests()).as("another observer is left").hasSize(1);
        network.observed.clear();
        nic.unobserve("/arduino/temp");
        loop.advance(Duration.ofSeconds(3));
        assertThat(tapped.requests()).containsExactly("0.01 /arduino/temp observe 0", "0.01 /arduino/temp observe 1");
        int notified = network.notified.size();
        loop.advance(Duration.ofMinutes(10));
        assertThat(network.notified).hasSize(notified);
    }

    @Test
    void observerThatLeavesDoesNotEndTheTablesRegistration() {
        Nic nic = started(BubbleUpEntry.read(TEMP));
        loop.advance(Duration.ofSeconds(10));
        nic.observe("/arduino/temp", answer -> {});
        loop.run();
        nic.unobserve("/arduino/temp");
        loop.advance(Duration.ofMinutes(5));
        assertThat(tapped.requests()).doesNotContain("0.01 /arduino/temp observe 1");
        assertThat(acknowledged).isNotEmpty();
    }

    @Test
    void requestsAreAnsweredOrReportedUnanswered() {
        Nic nic = started();
        loop.advance(Duration.ofSeconds(5));
        List<SensorAnswer> answers = new ArrayList<>();
        Nic.Proxied get = new Nic.Proxied(SensorClient.Request.get("/arduino/temp", "sens"), List.of());
        nic.proxy(get, answers::add);
        loop.advance(Duration.ofSeconds(3));
        assertThat(answers.getFirst())
                .isInstanceOfSatisfying(
                        SensorAnswer.Response.class,
                        response -> assertThat(response.message().code()).isEqualTo(CoapCode.CONTENT));
        tapped.cut = true;
        nic.proxy(get, answers::add);
        loop.advance(Duration.ofSeconds(60));
        assertThat(answers).hasSize(2).last().isInstanceOf(SensorAnswer.Nothing.class);
        for (int i = 0; i < 40; i++) {
            nic.proxy(get, answers::add);
        }
        loop.advance(Duration.ofSeconds(1));
        assertThat(answers).last().isInstanceOf(SensorAnswer.Overloaded.class);
    }

    @Test
    void observerOfADeadSensorIsToldSo() {
        sensor(Firmware.V1_4_8);
        Nic nic = nic();
        start(nic);
        List<SensorAnswer> answers = new ArrayList<>();
        nic.observe("/arduino/temp", answers::add);
        loop.advance(Duration.ofSeconds(15));
        assertThat(answers).singleElement().isInstanceOf(SensorAnswer.Nothing.class);
    }

    @Test
    void olderFirmwareThatOverwritesItsSlotLosesNothingItPulsedFor() {
        sensor(Firmware.V1_4_5).start();
        start(nic(BubbleUpEntry.read(TEMP), BubbleUpEntry.alert(METHANE)));
        loop.advance(Duration.ofSeconds(30));
        // The second alarm falls between RR and DISC of the first.
        sensor().run(() -> methane.measure(9_000));
        loop.advance(Duration.ofSeconds(1));
        sensor().run(() -> methane.measure(1));
        loop.advance(Duration.ofSeconds(10));
        assertThat(buffered.stream().filter(one -> one.kind() == BubbleUpClass.ALERT))
                .hasSize(2);
    }

    @Test
    void closedNicIsQuiet() {
        Nic nic = started(BubbleUpEntry.read(TEMP));
        loop.advance(Duration.ofMinutes(2));
        nic.close();
        loop.run();
        int posts = network.posts.size();
        int frames = tapped.sent.size();
        loop.advance(Duration.ofHours(1));
        assertThat(network.posts).hasSize(posts);
        assertThat(tapped.sent).hasSize(frames);
    }

    private List<Long> epochs() {
        return acknowledged.stream()
                .map(one -> CborWrapper.decode(one.payload()))
                .map(Optional::orElseThrow)
                .map(wrapper -> Long.parseLong(new String(wrapper.data(), StandardCharsets.US_ASCII).substring(0, 10)))
                .toList();
    }
}
