// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.upwell.field.Vectors;
import org.upwell.field.hdlc.Frame;
import org.upwell.field.hdlc.HdlcPrimary;
import org.upwell.field.loop.Loop;
import org.upwell.field.loop.LoopThread;
import org.upwell.field.sensor.Firmware;
import org.upwell.field.sensor.Sensor;
import org.upwell.field.sensor.SensorDriver;
import org.upwell.field.serial.PseudoTerminal;
import org.upwell.field.serial.SerialLink;

/// Every frame of field protocol §6, byte for byte and in both roles, over a pseudo-terminal opened as the serial
/// port that it stands for. The test is the other station.
@EnabledOnOs(OS.LINUX)
@Timeout(30)
class PseudoTerminalVectorsTest {
    private static final int PATIENCE_MILLIS = 5_000;
    private static final int SILENCE_MILLIS = 150;
    private static final Duration SHORT_GAP = Duration.ofMillis(20);

    private final AtomicLong sensorNanos = new AtomicLong();
    private final BlockingQueue<SensorLine.Answer> answers = new ArrayBlockingQueue<>(10);
    private final BlockingQueue<SensorAnswer> sensorAnswers = new ArrayBlockingQueue<>(10);
    private final BlockingQueue<byte[]> messages = new ArrayBlockingQueue<>(10);
    private final LoopThread loop = newLoop();
    private final PseudoTerminal terminal = newTerminal();

    private static LoopThread newLoop() {
        return new LoopThread("test", failure -> {
            throw failure;
        });
    }

    private static PseudoTerminal newTerminal() {
        try {
            return new PseudoTerminal();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @AfterEach
    void close() {
        loop.close();
        terminal.close();
    }

    /// Pauses are real, but the sensor's clock moves by hand.
    private final class HandClock implements Loop {
        @Override
        public long nanoTime() {
            return sensorNanos.get();
        }

        @Override
        public void execute(Runnable task) {
            loop.execute(task);
        }

        @Override
        public Timer after(Duration delay, Runnable task) {
            return loop.after(delay, task);
        }
    }

    /// The value of the vectors.
    private static final class VectorDriver implements SensorDriver {
        @Override
        public String type() {
            return "temp";
        }

        @Override
        public Duration period() {
            return Duration.ofSeconds(60);
        }

        @Override
        public byte[] read(long epochSeconds) {
            return (epochSeconds + ",72.50,F").getBytes(StandardCharsets.US_ASCII);
        }

        @Override
        public byte[] configuration(long epochSeconds) {
            return new byte[0];
        }

        @Override
        public Verdict configure(String value) {
            return Verdict.UNKNOWN_SETTING;
        }
    }

    private Sensor sensor(Duration gap) throws IOException {
        Sensor sensor = new Sensor(
                Sensor.Settings.of(Firmware.V1_4_8).withIdleGap(gap),
                List.of(new VectorDriver()),
                new HandClock(),
                SerialLink.open(terminal.path()),
                cause -> {});
        sensor.start();
        return sensor;
    }

    @Test
    void sensorAnswersEveryVectorByteForByte() throws IOException {
        try (Sensor sensor = sensor(SHORT_GAP)) {
            // Disconnected; then the reboot event, collected and cleared.
            exchange(Vectors.RR_0, Vectors.DM);
            exchange(Vectors.DISC, Vectors.DM);
            exchange(Vectors.SNRM, Vectors.UA);
            exchange(Vectors.RR_0, Vectors.REBOOT_EVENT);
            exchange(Vectors.DISC, Vectors.UA_TO_DISC);
            exchange(Vectors.SNRM, Vectors.UA);
            exchange(Vectors.RR_0, Vectors.RR_0);

            exchange(Vectors.PUT_TIME, Vectors.PUT_TIME_ANSWER);
            exchange(Vectors.RR_1, Vectors.RR_1);
            exchange(Vectors.SNRM, Vectors.UA);
            exchange(Vectors.GET_TEMP, Vectors.GET_TEMP_ANSWER);
            exchange(Vectors.SNRM, Vectors.UA);
            exchange(Vectors.REGISTER, Vectors.REGISTER_ANSWER);

            sensorNanos.addAndGet(Duration.ofSeconds(60).toNanos());
            sensor.run(() -> {});
            exchange(Vectors.SNRM, Vectors.UA);
            exchange(Vectors.RR_0, Vectors.NOTIFICATION);
            exchange(Vectors.RR_0, Vectors.NOTIFICATION);
            exchange(Vectors.DISC, Vectors.UA_TO_DISC);

            exchange(Vectors.SNRM, Vectors.UA);
            exchange(Vectors.CANCEL, Vectors.CANCEL_ANSWER);
            exchange(Vectors.SNRM, Vectors.UA);
            exchange(acknowledgement(), Vectors.I_WITHOUT_INFO);
            exchange(Vectors.UA, Vectors.FRMR);
        }
    }

    @Test
    void sensorIsSilentToNoiseAndLosesTwoFramesWithinOneGap() throws IOException {
        try (Sensor sensor = sensor(Duration.ofMillis(60))) {
            exchange(Vectors.SNRM, Vectors.UA);
            byte[] harmed = Vectors.GET_TEMP.clone();
            harmed[20] ^= 4;
            assertSilence(harmed);
            terminal.write(Vectors.RR_0);
            assertSilence(Vectors.RR_0);
            exchange(Vectors.RR_0, Vectors.REBOOT_EVENT);
            assertThat(sensor.isHung()).isFalse();
        }
    }

    /// With the pause of real firmware: an answer comes 0.4 s after the last byte at the earliest, and a gap of a
    /// quarter of a second inside a frame does no harm.
    @Test
    void realPausesHold() throws IOException {
        try (Sensor sensor = sensor(Sensor.Settings.DEFAULT_IDLE_GAP)) {
            long start = System.nanoTime();
            exchange(Vectors.SNRM, Vectors.UA);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(400));
            terminal.write(Arrays.copyOf(Vectors.RR_0, 4));
            pause(Duration.ofMillis(250));
            exchange(Arrays.copyOfRange(Vectors.RR_0, 4, 9), Vectors.REBOOT_EVENT);
            assertThat(sensor.isHung()).isFalse();
        }
    }

    private SensorLine line() throws IOException {
        HdlcPrimary.Timing timing = new HdlcPrimary.Timing(Duration.ofSeconds(3), 3);
        return new SensorLine(
                loop, SerialLink.open(terminal.path()), timing, Duration.ofMinutes(5), new SensorLine.Listener() {
                    @Override
                    public void onMessage(byte[] message) {
                        messages.add(message);
                    }

                    @Override
                    public void onCollected(boolean reachable) {}

                    @Override
                    public void onLinkEnd(IOException cause) {}
                });
    }

    @Test
    void nicSendsEveryVectorByteForByte() throws Exception {
        SensorLine line = line();
        SensorClient client = new SensorClient(line, 0x1233);
        byte[] token = HexFormat.of().parseHex("c0ffee01");
        SensorClient.Request get = SensorClient.Request.get("/arduino/temp", "sens");

        // Start: SNRM, RR, DISC collect the reboot event.
        loop.execute(line::start);
        expect(Vectors.SNRM, Vectors.UA);
        expect(Vectors.RR_0, Vectors.REBOOT_EVENT);
        expect(Vectors.DISC, Vectors.UA_TO_DISC);
        assertThat(messages.poll(5, TimeUnit.SECONDS)).isEqualTo(Vectors.info(Vectors.REBOOT_EVENT));

        loop.execute(() -> client.setTime(Vectors.READING_EPOCH_SECONDS * 1_000, sensorAnswers::add));
        expect(Vectors.SNRM, Vectors.UA);
        expect(Vectors.PUT_TIME, Vectors.PUT_TIME_ANSWER);
        assertResponse(Vectors.PUT_TIME_ANSWER);

        // The sensor has restarted unheard: DM, so the link begins anew.
        reopen(line, Vectors.RR_1);
        loop.execute(() -> client.send(get, sensorAnswers::add));
        expect(Vectors.GET_TEMP, Vectors.GET_TEMP_ANSWER);
        assertResponse(Vectors.GET_TEMP_ANSWER);

        reopen(line, Vectors.RR_1);
        loop.execute(() -> client.send(get.observing(token, 0), sensorAnswers::add));
        expect(Vectors.REGISTER, Vectors.REGISTER_ANSWER);
        assertResponse(Vectors.REGISTER_ANSWER);

        loop.execute(line::collect);
        expect(Vectors.RR_1, Vectors.DM);
        expect(Vectors.SNRM, Vectors.UA);
        expect(Vectors.RR_0, Vectors.NOTIFICATION);
        expect(Vectors.DISC, Vectors.DM);
        assertThat(messages.poll(5, TimeUnit.SECONDS)).isEqualTo(Vectors.info(Vectors.NOTIFICATION));

        loop.execute(() -> client.send(get.observing(token, 1), sensorAnswers::add));
        expect(Vectors.SNRM, Vectors.UA);
        expect(Vectors.CANCEL, Vectors.CANCEL_ANSWER);
        assertResponse(Vectors.CANCEL_ANSWER);

        reopen(line, Vectors.RR_1);
        loop.execute(() -> line.request(Vectors.info(Vectors.GET_TEMP), answers::add));
        expect(Vectors.GET_TEMP, Vectors.FRMR);
        assertThat(answers.poll(5, TimeUnit.SECONDS)).isInstanceOf(SensorLine.Answer.Refused.class);
        loop.execute(() -> line.request(HexFormat.of().parseHex("60001234"), answers::add));
        expect(acknowledgement(), Vectors.I_WITHOUT_INFO);
        assertThat(answers.poll(5, TimeUnit.SECONDS))
                .isInstanceOfSatisfying(
                        SensorLine.Answer.Message.class,
                        answer -> assertThat(answer.bytes()).isEmpty());
        loop.execute(line::close);
    }

    /// A poll answered by DM, then SNRM; nothing pending.
    private void reopen(SensorLine line, byte[] poll) {
        loop.execute(line::collect);
        expect(poll, Vectors.DM);
        expect(Vectors.SNRM, Vectors.UA);
        expect(Vectors.RR_0, Vectors.RR_0);
    }

    private static byte[] acknowledgement() {
        return Frame.information(0, 0, HexFormat.of().parseHex("60001234")).encode();
    }

    private void assertResponse(byte[] frame) throws InterruptedException {
        SensorAnswer answer = sensorAnswers.poll(5, TimeUnit.SECONDS);
        assertThat(answer)
                .isInstanceOfSatisfying(
                        SensorAnswer.Response.class,
                        response -> assertThat(response.message().encode()).isEqualTo(Vectors.info(frame)));
    }

    /// The test as primary.
    private void exchange(byte[] request, byte[] expected) {
        terminal.write(request);
        assertBytes(expected);
    }

    /// The test as secondary.
    private void expect(byte[] request, byte[] answer) {
        assertBytes(request);
        terminal.write(answer);
    }

    private void assertBytes(byte[] expected) {
        HexFormat hex = HexFormat.ofDelimiter(" ").withUpperCase();
        assertThat(hex.formatHex(terminal.read(expected.length, PATIENCE_MILLIS)))
                .isEqualTo(hex.formatHex(expected));
    }

    private void assertSilence(byte[] request) {
        terminal.write(request);
        assertThat(terminal.read(1, SILENCE_MILLIS)).isEmpty();
    }

    /// A pause on the line is what is tested here, so it cannot be a condition.
    private static void pause(Duration duration) {
        long end = System.nanoTime() + duration.toNanos();
        for (long left = duration.toNanos(); left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }
}
