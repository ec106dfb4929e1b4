// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.hdlc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.upwell.field.Vectors;
import org.upwell.field.hdlc.HdlcPrimary.Outcome;
import org.upwell.field.hdlc.HdlcPrimary.Step;

/// Field protocol §6, the primary. Time by hand, in milliseconds.
class HdlcPrimaryTest {
    private static final HdlcPrimary.Timing TIMING = new HdlcPrimary.Timing(Duration.ofSeconds(4), 3);

    private final HdlcPrimary primary = new HdlcPrimary(TIMING);

    @Test
    void wholeConversationOfTheVectorsByteForByte() {
        // SNRM → UA, RR → I reboot, DISC → UA, SNRM → UA, I time → I, SNRM → UA, I get → I
        assertThat(primary.connect(0)).isEqualTo(Vectors.SNRM);
        assertThat(bring(Vectors.UA)).isEqualTo(new Outcome.Connected(LinkParameters.SENSOR));
        assertThat(primary.poll(0)).isEqualTo(Vectors.RR_0);
        assertReceived(bring(Vectors.REBOOT_EVENT), Vectors.info(Vectors.REBOOT_EVENT));
        assertThat(primary.disconnect(0)).isEqualTo(Vectors.DISC);
        assertThat(bring(Vectors.UA_TO_DISC)).isEqualTo(new Outcome.Disconnected());
        for (byte[][] exchange : new byte[][][] {
            {Vectors.PUT_TIME, Vectors.PUT_TIME_ANSWER},
            {Vectors.GET_TEMP, Vectors.GET_TEMP_ANSWER},
            {Vectors.REGISTER, Vectors.REGISTER_ANSWER},
            {Vectors.CANCEL, Vectors.CANCEL_ANSWER}
        }) {
            assertThat(primary.connect(0)).isEqualTo(Vectors.SNRM);
            bring(Vectors.UA);
            assertThat(primary.request(Vectors.info(exchange[0]), 0)).isEqualTo(exchange[0]);
            assertReceived(bring(exchange[1]), Vectors.info(exchange[1]));
        }
        assertThat(primary.poll(0)).isEqualTo(Frame.receiveReady(1).encode());
        assertThat(bring(Frame.receiveReady(1).encode())).isEqualTo(new Outcome.Nothing());
    }

    @Test
    void answerWithoutInfoOnlyAcknowledges() {
        connect();
        primary.request(new byte[] {0x60, 0, 1, 2}, 0);
        assertReceived(bring(Vectors.I_WITHOUT_INFO), new byte[0]);
    }

    @Test
    void lostAnswerIsAskedForByTheSameIFrame() {
        connect();
        byte[] request = primary.request(Vectors.info(Vectors.GET_TEMP), 0);
        assertThat(primary.onTime(millis(3_999))).isInstanceOf(Step.Wait.class);
        assertThat(primary.onTime(millis(4_000)))
                .isInstanceOfSatisfying(
                        Step.Send.class, send -> assertThat(send.frame()).isEqualTo(request));
        assertReceived(bring(Vectors.GET_TEMP_ANSWER), Vectors.info(Vectors.GET_TEMP_ANSWER));
    }

    @Test
    void silentSensorMeansThatTheLinkIsDown() {
        connect();
        primary.request(new byte[] {1}, 0);
        assertThat(primary.onTime(millis(4_000))).isInstanceOf(Step.Send.class);
        assertThat(primary.onTime(millis(8_000))).isInstanceOf(Step.Send.class);
        assertThat(primary.onTime(millis(12_000))).isEqualTo(new Step.Finish(new Outcome.Silent()));
        assertThat(primary.isConnected()).isFalse();
        assertThat(primary.isBusy()).isFalse();
        assertThat(primary.connect(0)).isEqualTo(Vectors.SNRM);
    }

    @Test
    void lateAnswerToAFrameSentTwiceIsNotTakenForTheNext() {
        connect();
        primary.request(new byte[] {1}, 0);
        primary.onTime(millis(4_000));
        byte[] answer = Frame.information(0, 1, new byte[] {9}).encode();
        assertReceived(bring(answer), new byte[] {9});
        primary.request(new byte[] {2}, 0);
        assertThat(bring(answer)).isNull();
        assertThat(primary.strayFrames()).isEqualTo(1);
        assertReceived(bring(Frame.information(1, 2, new byte[] {8}).encode()), new byte[] {8});
        primary.poll(0);
        assertThat(bring(answer)).isNull();
        assertThat(bring(Frame.receiveReady(2).encode())).isEqualTo(new Outcome.Nothing());
    }

    @Test
    void numbersWrapAtEight() {
        connect();
        for (int i = 0; i < 20; i++) {
            byte[] expected = Frame.information(i & 7, i & 7, new byte[] {1}).encode();
            assertThat(primary.request(new byte[] {1}, 0)).isEqualTo(expected);
            assertReceived(
                    bring(Frame.information(i & 7, (i + 1) & 7, new byte[] {2}).encode()), new byte[] {2});
        }
    }

    @Test
    void receiveReadyAfterAnUnansweredRequestBringsTheNumbersTogether() {
        connect();
        primary.request(new byte[] {1}, 0);
        assertThat(bring(Frame.receiveReady(1).encode())).isEqualTo(new Outcome.Nothing());
        assertThat(primary.request(new byte[] {1}, 0))
                .isEqualTo(Frame.information(1, 0, new byte[] {1}).encode());
    }

    @Test
    void frameRejectLeavesTheLinkUp() {
        connect();
        primary.request(new byte[] {1}, 0);
        assertThat(bring(Vectors.FRMR)).isEqualTo(new Outcome.Rejected());
        assertThat(primary.isConnected()).isTrue();
    }

    @Test
    void disconnectedModeMeansThatTheSensorHasRestarted() {
        connect();
        primary.poll(0);
        assertThat(bring(Vectors.DM)).isEqualTo(new Outcome.NotConnected());
        assertThat(primary.isConnected()).isFalse();
        primary.disconnect(0);
        assertThat(bring(Vectors.DM)).isEqualTo(new Outcome.Disconnected());
    }

    @Test
    void framesThatAnswerNothingAreDropped() {
        assertThat(bring(Vectors.UA)).isNull();
        connect();
        assertThat(bring(Vectors.REBOOT_EVENT)).isNull();
        primary.disconnect(0);
        assertThat(bring(Vectors.UA)).as("UA to SNRM carries info").isNull();
        assertThat(bring(Vectors.RR_0)).isNull();
        assertThat(bring(Vectors.UA_TO_DISC)).isEqualTo(new Outcome.Disconnected());
    }

    @Test
    void goodFrameBehindACutOffOneIsFoundWhenTimeIsUp() {
        connect();
        primary.poll(0);
        bring(Arrays.copyOf(Vectors.NOTIFICATION, 30));
        assertThat(bring(Vectors.RR_0)).isNull();
        assertThat(primary.onTime(millis(4_000))).isEqualTo(new Step.Finish(new Outcome.Nothing()));
    }

    @Test
    void onlyOneExchangeAtATime() {
        primary.connect(0);
        assertThatThrownBy(() -> primary.poll(0)).isInstanceOf(IllegalStateException.class);
    }

    /// Both stations over a line that loses, harms and adds bytes: after it has become clean again one connect,
    /// request and poll always work.
    @Test
    void linkAlwaysRecoversFromABadLine() {
        for (long seed = 1; seed <= 300; seed++) {
            Random random = new Random(seed);
            HdlcPrimary station = new HdlcPrimary(TIMING);
            HdlcSecondary sensor = new HdlcSecondary(message -> message);
            for (int round = 0; round < 30; round++) {
                exchange(station, sensor, random, 0.3);
            }
            assertThat(settle(station, sensor)).as("seed %d", seed).isTrue();
        }
    }

    private static boolean settle(HdlcPrimary station, HdlcSecondary sensor) {
        Random clean = new Random(0);
        Outcome connected = run(station, sensor, station.connect(0), clean, 0);
        byte[] message = {1, 2, 3};
        Outcome answered = run(station, sensor, station.request(message, 0), clean, 0);
        Outcome polled = run(station, sensor, station.poll(0), clean, 0);
        return connected instanceof Outcome.Connected
                && answered instanceof Outcome.Received received
                && Arrays.equals(received.info(), message)
                && polled instanceof Outcome.Nothing;
    }

    private static void exchange(HdlcPrimary station, HdlcSecondary sensor, Random random, double badness) {
        byte[] frame = switch (random.nextInt(4)) {
            case 0 -> station.connect(0);
            case 1 -> station.disconnect(0);
            case 2 -> station.poll(0);
            default -> {
                byte[] info = new byte[1 + random.nextInt(100)];
                random.nextBytes(info);
                yield station.request(info, 0);
            }
        };
        run(station, sensor, frame, random, badness);
    }

    private static Outcome run(HdlcPrimary station, HdlcSecondary sensor, byte[] first, Random random, double badness) {
        byte[] frame = first;
        long now = 0;
        while (true) {
            byte[] heard = harm(frame, random, badness);
            byte[] answer = sensor.receive(heard, 0, heard.length);
            if (answer != null) {
                byte[] back = harm(answer, random, badness);
                Outcome outcome = station.onBytes(back, 0, back.length);
                if (outcome != null) {
                    return outcome;
                }
            }
            now += TIMING.answerTimeout().toNanos();
            Step step = station.onTime(now);
            switch (step) {
                case Step.Send send -> frame = send.frame();
                case Step.Finish finish -> {
                    return finish.outcome();
                }
                case Step.Wait _ -> throw new AssertionError("nothing to wait for");
            }
        }
    }

    private static byte[] harm(byte[] bytes, Random random, double badness) {
        if (random.nextDouble() >= badness) {
            return bytes;
        }
        return switch (random.nextInt(4)) {
            case 0 -> new byte[0];
            case 1 -> Arrays.copyOf(bytes, random.nextInt(bytes.length));
            case 2 -> {
                byte[] changed = bytes.clone();
                changed[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
                yield changed;
            }
            default -> {
                byte[] more = Arrays.copyOf(bytes, bytes.length + 1 + random.nextInt(20));
                for (int k = bytes.length; k < more.length; k++) {
                    more[k] = (byte) (random.nextBoolean() ? Frame.FLAG : random.nextInt(256));
                }
                yield more;
            }
        };
    }

    private void connect() {
        primary.connect(0);
        bring(Vectors.UA);
    }

    private @Nullable Outcome bring(byte[] bytes) {
        return primary.onBytes(bytes, 0, bytes.length);
    }

    private static long millis(long value) {
        return Duration.ofMillis(value).toNanos();
    }

    private static void assertReceived(@Nullable Outcome outcome, byte[] info) {
        assertThat(outcome)
                .isInstanceOfSatisfying(
                        Outcome.Received.class,
                        received -> assertThat(received.info()).isEqualTo(info));
    }
}
