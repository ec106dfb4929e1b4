// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.sensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.upwell.field.Vectors.hex;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.upwell.field.Vectors;
import org.upwell.field.coap.CoapCode;
import org.upwell.field.coap.CoapFormatException;
import org.upwell.field.coap.CoapMessage;
import org.upwell.field.coap.CoapOption;
import org.upwell.field.coap.CoapType;

/// Field protocol §7, row by row, on the server alone: bytes in, bytes out, time by hand.
class SensorServerTest {
    private static final byte[] TOKEN = hex("C0 FF EE 01");

    private final AtomicLong nanos = new AtomicLong();
    private final SensorClock clock = new SensorClock(nanos::get);
    private final List<byte[]> outbox = new ArrayList<>();
    private boolean free = true;
    private final FixedDriver temperature = new FixedDriver("temp", Duration.ofSeconds(60));
    private final MethaneDriver methane = new MethaneDriver();
    private SensorServer server = server(Firmware.V1_4_8);

    private SensorServer server(Firmware firmware) {
        SensorServer made = new SensorServer(firmware, "arduino", clock, new Outbox() {
            @Override
            public boolean accepts() {
                return free;
            }

            @Override
            public void offer(byte[] message) {
                outbox.add(message);
            }
        });
        made.add(temperature);
        made.add(methane);
        made.restart();
        outbox.clear();
        return made;
    }

    /// Says what it is told to say.
    private static final class FixedDriver implements SensorDriver {
        private final String type;
        private final Duration period;
        private String value = "72.50,F";

        FixedDriver(String type, Duration period) {
            this.type = type;
            this.period = period;
        }

        @Override
        public String type() {
            return type;
        }

        @Override
        public Duration period() {
            return period;
        }

        @Override
        public byte[] read(long epochSeconds) {
            return (epochSeconds + "," + value).getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public byte[] configuration(long epochSeconds) {
            return (epochSeconds + ",F").getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public Verdict configure(String wanted) {
            return switch (wanted) {
                case "F" -> Verdict.ACCEPTED;
                case "K" -> Verdict.BAD_VALUE;
                default -> Verdict.UNKNOWN_SETTING;
            };
        }
    }

    @Test
    void rebootEventIsOfferedAfterPowerOn() {
        server.restart();
        assertThat(outbox).containsExactly(Vectors.info(Vectors.REBOOT_EVENT));
    }

    @Test
    void wholeConversationOfTheVectorsByteForByte() {
        // time, register, one period, notification, cancel
        assertThat(server.answer(Vectors.info(Vectors.PUT_TIME))).isEqualTo(Vectors.info(Vectors.PUT_TIME_ANSWER));
        setClock(Vectors.READING_EPOCH_SECONDS);
        assertThat(server.answer(Vectors.info(Vectors.GET_TEMP))).isEqualTo(Vectors.info(Vectors.GET_TEMP_ANSWER));
        assertThat(server.answer(Vectors.info(Vectors.REGISTER))).isEqualTo(Vectors.info(Vectors.REGISTER_ANSWER));
        passSeconds(59);
        assertThat(outbox).isEmpty();
        passSeconds(1);
        assertThat(outbox).containsExactly(Vectors.info(Vectors.NOTIFICATION));
        assertThat(server.answer(Vectors.info(Vectors.CANCEL))).isEqualTo(Vectors.info(Vectors.CANCEL_ANSWER));
        passSeconds(600);
        assertThat(outbox).hasSize(1);
    }

    @Test
    void clockStandsAt1999AfterPowerOnAndRuns() {
        passSeconds(5);
        CoapMessage answer = ask(get("/sys/time"));
        assertThat(answer.payload()).isEqualTo(SensorServer.epochBytes(943_920_005L));
        assertThat(contentFormat(answer)).isEqualTo(42);
    }

    @Test
    void timeIsSetByTypeSixOnlyAndBadOnesAreNotAcceptable() {
        assertThat(ask(request(CoapCode.PUT, "/sys/time").payload(hex("06 08 5B D3 76 16 00 00 01 F4")))
                        .code())
                .isEqualTo(CoapCode.CHANGED);
        assertThat(clock.epochSeconds()).isEqualTo(0x5BD37616L);
        for (String bad : new String[] {"", "06", "06 07 5B D3 76 16 00 00 00 00", "05 08 5B D3 76 16 00 00 00 00"}) {
            assertThat(ask(request(CoapCode.PUT, "/sys/time").payload(hex(bad))).code())
                    .as(bad)
                    .isEqualTo(CoapCode.NOT_ACCEPTABLE);
        }
        assertThat(ask(request(CoapCode.POST, "/sys/time")).code()).isEqualTo(CoapCode.NOT_IMPLEMENTED);
    }

    @Test
    void titleTellsTheVersion() {
        assertThat(text(ask(get("/")))).endsWith("CoAP Server: 1.4.8");
        server = server(Firmware.V1_4_5);
        assertThat(text(ask(get("/")))).endsWith("CoAP Server: 1.4.5");
        assertThat(ask(request(CoapCode.PUT, "/")).code()).isEqualTo(CoapCode.FORBIDDEN);
    }

    @Test
    void wellKnownCoreListsFirstLevelsAndEndsOddly() {
        CoapMessage answer = ask(get("/.well-known/core"));
        assertThat(contentFormat(answer)).isEqualTo(40);
        assertThat(text(answer))
                .contains("</sys>;", "</arduino>;")
                .endsWith(";,")
                .doesNotContain("temp");
    }

    @Test
    void statisticsNeedTheirQuery() {
        CoapMessage answer = ask(get("/sys/stats").query("mod=coap"));
        assertThat(answer.code()).isEqualTo(CoapCode.CONTENT);
        assertThat(answer.payload()).hasSize(40).startsWith(8, 36);
        assertThat(ask(get("/sys/stats").query("mod=other")).code()).isEqualTo(CoapCode.NOT_IMPLEMENTED);
    }

    @Test
    void requestsThatKillTheFirmwareHangItUntilTheNextPowerOn() {
        CoapMessage.Builder[] killers = {
            get("/sys/stats"),
            get("/arduino/temp").query("sens").option(new CoapOption(CoapOption.OBSERVE, new byte[5])),
            request(CoapCode.PUT, "/arduino/temp").query("cfg=" + "x".repeat(124))
        };
        for (CoapMessage.Builder killer : killers) {
            assertThat(server.answer(killer.build().encode())).isNull();
            assertThat(server.isHung()).isTrue();
            assertThat(server.answer(get("/").build().encode())).isNull();
            server.restart();
            assertThat(server.answer(get("/").build().encode())).isNotNull();
        }
        assertThat(ask(request(CoapCode.PUT, "/arduino/temp").query("cfg=" + "x".repeat(123)))
                        .code())
                .isEqualTo(CoapCode.NOT_IMPLEMENTED);
    }

    @Test
    void sensorRequestsNeedAKnownPathAndAKnownQuery() {
        assertThat(ask(get("/arduino/temp")).code()).isEqualTo(CoapCode.METHOD_NOT_ALLOWED);
        assertThat(ask(get("/arduino/temp").query("what")).code()).isEqualTo(CoapCode.NOT_IMPLEMENTED);
        assertThat(ask(get("/arduino/nothing").query("sens")).code()).isEqualTo(CoapCode.NOT_FOUND);
        assertThat(ask(get("/arduino/temp/more").query("sens")).code()).isEqualTo(CoapCode.NOT_FOUND);
        assertThat(ask(get("/nothing")).code()).isEqualTo(CoapCode.NOT_FOUND);
        assertThat(ask(request(CoapCode.POST, "/arduino/temp").query("sens")).code())
                .isEqualTo(CoapCode.METHOD_NOT_ALLOWED);
        CoapMessage classifierAlone = ask(get("/arduino").token(TOKEN));
        assertThat(classifierAlone.code()).isEqualTo(CoapCode.EMPTY);
        assertThat(classifierAlone.encode()).hasSize(4);
    }

    @Test
    void configurationIsReadAndWritten() {
        setClock(1_540_584_982L);
        CoapMessage answer = ask(get("/arduino/temp").query("cfg"));
        assertThat(CborWrapper.decode(answer.payload()).orElseThrow().data())
                .asString(StandardCharsets.US_ASCII)
                .isEqualTo("1540584982,F");
        assertThat(put("cfg=F")).isEqualTo(CoapCode.CHANGED);
        assertThat(put("cfg=X")).isEqualTo(CoapCode.NOT_IMPLEMENTED);
        assertThat(put("cfg=K")).isEqualTo(CoapCode.NOT_ACCEPTABLE);
        assertThat(put("sens")).isEqualTo(CoapCode.NOT_IMPLEMENTED);
    }

    @Test
    void olderFirmwareNamesAnotherContentFormat() {
        assertThat(contentFormat(ask(get("/arduino/temp").query("sens")))).isEqualTo(60);
        server = server(Firmware.V1_4_5);
        assertThat(contentFormat(ask(get("/arduino/temp").query("sens")))).isEqualTo(2);
    }

    @Test
    void wrapperOfMoreThan128BytesIsAnInternalError() {
        setClock(1_540_584_982L);
        FixedDriver shortName = new FixedDriver("tmp", Duration.ZERO);
        server.add(shortName);
        shortName.value = "x".repeat(119 - 11);
        assertThat(ask(get("/arduino/tmp").query("sens")).payload()).hasSize(128);
        shortName.value = "x".repeat(120 - 11);
        assertThat(ask(get("/arduino/tmp").query("sens")).code()).isEqualTo(CoapCode.INTERNAL_SERVER_ERROR);
    }

    @Test
    void block2IsIgnoredAndCriticalOptionsAreNot() {
        assertThat(ask(get("/arduino/temp").query("sens").option(CoapOption.uint(CoapOption.BLOCK2, 3)))
                        .code())
                .isEqualTo(CoapCode.CONTENT);
        for (int option : new int[] {1, 5, 27}) {
            assertThat(ask(get("/arduino/temp").query("sens").option(new CoapOption(option, new byte[0])))
                            .code())
                    .as("option %d", option)
                    .isEqualTo(CoapCode.BAD_OPTION);
        }
        assertThat(ask(get("/arduino/temp").query("sens").option(new CoapOption(124, new byte[4])))
                        .code())
                .isEqualTo(CoapCode.CONTENT);
    }

    @Test
    void nonConfirmableRequestsAreAnsweredWithTheirOwnMessageId() {
        CoapMessage answer = ask(CoapMessage.of(CoapType.NON_CONFIRMABLE, CoapCode.GET, 0x7777)
                .token(TOKEN)
                .path("/arduino/temp")
                .query("sens"));
        assertThat(answer.type()).isEqualTo(CoapType.NON_CONFIRMABLE);
        assertThat(answer.messageId()).isEqualTo(0x7777);
        assertThat(answer.token()).isEqualTo(TOKEN);
    }

    @Test
    void requestOfMoreThan239BytesIsTooLarge() {
        CoapMessage.Builder exact = request(CoapCode.PUT, "/sys/time").payload(new byte[239 - 14]);
        assertThat(exact.build().encode()).hasSize(239);
        assertThat(ask(exact).code()).isEqualTo(CoapCode.NOT_ACCEPTABLE);
        assertThat(ask(request(CoapCode.PUT, "/sys/time").payload(new byte[240 - 14]))
                        .code())
                .isEqualTo(CoapCode.REQUEST_ENTITY_TOO_LARGE);
    }

    @Test
    void emptyMessagesAndBadOnesAreAnsweredAsTheFirmwareDoes() {
        assertThat(server.answer(hex("60 00 12 34"))).isEmpty();
        assertThat(server.answer(hex("40 00 12 34"))).isEqualTo(hex("70 00 12 34"));
        assertThat(server.answer(hex("80 01 12 34"))).isNull();
        assertThat(server.answer(hex("49 01 12 34 01 02 03 04 05 06 07 08 09"))).isNull();
        assertThat(server.answer(hex("42 01 12 34 AA BB B9 61"))).isEqualTo(hex("62 8F 12 34 AA BB"));
    }

    @Test
    void whateverComesInIsAnsweredOrIgnoredButNeverThrows() {
        Random random = new Random(11);
        byte[] good = Vectors.info(Vectors.REGISTER);
        for (int round = 0; round < 20_000; round++) {
            byte[] bytes = random.nextBoolean() ? good.clone() : new byte[random.nextInt(256)];
            if (bytes.length != good.length) {
                random.nextBytes(bytes);
            }
            for (int i = random.nextInt(4); i >= 0 && bytes.length > 0; i--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            byte[] answer = server.answer(bytes);
            assertThat(answer == null ? 0 : answer.length)
                    .as("seed 11 round %d", round)
                    .isLessThanOrEqualTo(255);
            if (server.isHung()) {
                server.restart();
            }
        }
    }

    @Test
    void fifthPathObservedIsRefusedWithoutObserve() {
        for (int i = 0; i < 4; i++) {
            server.add(new FixedDriver("t" + i, Duration.ofSeconds(60)));
            assertThat(register("t" + i, TOKEN).option(CoapOption.OBSERVE)).isPresent();
        }
        CoapMessage refused = register("temp", TOKEN);
        assertThat(refused.code()).isEqualTo(CoapCode.VALID);
        assertThat(refused.option(CoapOption.OBSERVE)).isEmpty();
        assertThat(register("t1", hex("01")).option(CoapOption.OBSERVE)).isPresent();
    }

    @Test
    void oneCounterNumbersAllPaths() {
        server.add(new FixedDriver("other", Duration.ofSeconds(60)));
        assertThat(observe(register("temp", TOKEN))).isEqualTo(3);
        assertThat(observe(register("other", TOKEN))).isEqualTo(4);
        passSeconds(60);
        assertThat(outbox).extracting(bytes -> observe(decode(bytes))).containsExactly(5L, 6L);
    }

    @Test
    void newObserverOfAPathReplacesTheOldAndRestartsThePeriod() {
        register("temp", TOKEN);
        passSeconds(40);
        register("temp", hex("0A"));
        passSeconds(59);
        assertThat(outbox).isEmpty();
        passSeconds(1);
        assertThat(decode(outbox.getFirst()).token()).isEqualTo(hex("0A"));
    }

    @Test
    void observeOnConfigurationReplacesTheRunningToken() {
        register("temp", TOKEN);
        ask(get("/arduino/temp").query("cfg").token(hex("0B")).option(CoapOption.uint(CoapOption.OBSERVE, 0)));
        passSeconds(60);
        assertThat(decode(outbox.getFirst()).token()).isEqualTo(hex("0B"));
    }

    @Test
    void forwardJumpOfTheClockMakesEveryPeriodDue() {
        register("temp", TOKEN);
        ask(request(CoapCode.PUT, "/sys/time").payload(hex("06 08 5B D3 76 16 00 00 00 00")));
        assertThat(server.nanosUntilDue()).isNegative();
        server.notifyDue();
        assertThat(outbox).hasSize(1);
    }

    @Test
    void whatFallsDueWhileAMessageWaitsIsLostWithItsPeriodAndItsNumber() {
        register("temp", TOKEN);
        free = false;
        passSeconds(60);
        free = true;
        passSeconds(59);
        assertThat(outbox).isEmpty();
        passSeconds(1);
        assertThat(observe(decode(outbox.getFirst()))).isEqualTo(4);
    }

    @Test
    void notificationIdsStartAtTheClocksLowHalf() {
        setClock(0x5BD37616L);
        register("temp", TOKEN);
        passSeconds(60);
        passSeconds(60);
        assertThat(outbox)
                .extracting(bytes -> decode(bytes).messageId())
                .containsExactly((0x7616 + 60) & 0xFFFF, (0x7616 + 61) & 0xFFFF);
    }

    @Test
    void pushOnlySensorSpeaksWhenItsStateChanges() {
        CoapMessage answer =
                ask(get("/arduino/ncmth1").query("sens").token(TOKEN).option(CoapOption.uint(CoapOption.OBSERVE, 0)));
        assertThat(answer.option(CoapOption.OBSERVE)).isPresent();
        assertThat(server.nanosUntilDue()).isEqualTo(Long.MAX_VALUE);
        methane.measure(4_999);
        assertThat(outbox).isEmpty();
        methane.measure(5_000);
        methane.measure(6_000);
        methane.measure(4_600);
        assertThat(outbox).hasSize(1);
        methane.measure(4_000);
        assertThat(outbox).hasSize(2);
        String alarm = new String(
                CborWrapper.decode(decode(outbox.getFirst()).payload())
                        .orElseThrow()
                        .data(),
                StandardCharsets.US_ASCII);
        assertThat(alarm.split(",")).contains("ALARM", "5000.0");
    }

    @Test
    void unobservedPushGoesNowhere() {
        methane.tell();
        assertThat(outbox).isEmpty();
    }

    private void setClock(long epochSeconds) {
        clock.set(epochSeconds, 0);
    }

    private void passSeconds(long seconds) {
        nanos.addAndGet(Duration.ofSeconds(seconds).toNanos());
        if (server.nanosUntilDue() <= 0) {
            server.notifyDue();
        }
    }

    private CoapMessage register(String type, byte[] token) {
        return ask(get("/arduino/" + type).query("sens").token(token).option(CoapOption.uint(CoapOption.OBSERVE, 0)));
    }

    private int put(String query) {
        return ask(request(CoapCode.PUT, "/arduino/temp").query(query)).code();
    }

    private static CoapMessage.Builder get(String path) {
        return request(CoapCode.GET, path);
    }

    private static CoapMessage.Builder request(int code, String path) {
        return CoapMessage.of(CoapType.CONFIRMABLE, code, 0x4321).path(path);
    }

    private CoapMessage ask(CoapMessage.Builder request) {
        byte[] answer = server.answer(request.build().encode());
        assertThat(answer).isNotNull();
        return decode(answer);
    }

    private static CoapMessage decode(byte[] bytes) {
        try {
            return CoapMessage.decode(bytes);
        } catch (CoapFormatException e) {
            throw new AssertionError(e);
        }
    }

    private static long contentFormat(CoapMessage message) {
        return message.option(CoapOption.CONTENT_FORMAT).orElseThrow().uintValue();
    }

    private static long observe(CoapMessage message) {
        return message.option(CoapOption.OBSERVE).orElseThrow().uintValue();
    }

    private static String text(CoapMessage message) {
        return new String(message.payload(), StandardCharsets.UTF_8);
    }
}
