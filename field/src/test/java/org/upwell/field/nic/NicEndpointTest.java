// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.eclipse.californium.core.CoapClient;
import org.eclipse.californium.core.CoapHandler;
import org.eclipse.californium.core.CoapObserveRelation;
import org.eclipse.californium.core.CoapResponse;
import org.eclipse.californium.core.coap.BlockOption;
import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.coap.Token;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.elements.config.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.upwell.field.hdlc.HdlcPrimary;
import org.upwell.field.link.PipeLink;
import org.upwell.field.loop.LoopThread;
import org.upwell.field.sensor.CborWrapper;
import org.upwell.field.sensor.Firmware;
import org.upwell.field.sensor.MethaneDriver;
import org.upwell.field.sensor.Sensor;
import org.upwell.field.sensor.SensorDriver;
import org.upwell.field.sensor.TemperatureDriver;

/// What the network sees of a NIC, over real UDP, with a real sensor behind it.
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT) // Each has a NIC and a sensor of its own, and most of the time waits for them.
class NicEndpointTest {
    /// Long enough that a second path's registration is answered late.
    private static final Duration SPREAD = Duration.ofSeconds(3);

    private final LoopThread loop = new LoopThread("test", failure -> {
        throw failure;
    });
    private final PipeLink.Ends wire = PipeLink.create();
    private final MethaneDriver methane = new MethaneDriver();
    private final Sensor sensor = new Sensor(
            Sensor.Settings.of(Firmware.V1_4_8).withIdleGap(Duration.ofMillis(2)),
            List.of(new TemperatureDriver(Duration.ofSeconds(1), 1), methane),
            loop,
            wire.sensor(),
            cause -> {});
    private final FakeGateway gateway = new FakeGateway();
    private final CoapRuntime runtime = runtime();
    private final Nic nic = nic(wire, SPREAD);
    private final CoapEndpoint client = CoapEndpoint.builder()
            // Else it answers a 4.13 by trying again in blocks.
            .setConfiguration(Configuration.createStandardWithoutFile()
                    .set(CoapConfig.BLOCKWISE_ENTITY_TOO_LARGE_AUTO_FAILOVER, false))
            .setInetSocketAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .build();

    private static CoapRuntime runtime() {
        try {
            return new CoapRuntime(1);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private Nic nic(PipeLink.Ends ends, Duration spread) {
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        Nic.Settings settings = Nic.Settings.of("001350050047dd92", gateway.address(), any, List.of())
                .withTiming(new HdlcPrimary.Timing(Duration.ofMillis(500), 2), Duration.ofSeconds(5), spread);
        return new Nic(
                settings, runtime, loop, ends.nic(), NicState.inMemory(1), InstantSource.system(), NicListener.NONE);
    }

    @BeforeEach
    void start() throws IOException {
        sensor.start();
        nic.start();
        client.start();
        Awaitility.await().until(() -> !gateway.registrations.isEmpty());
    }

    @AfterEach
    void stop() {
        client.destroy();
        nic.close();
        sensor.close();
        loop.close();
        runtime.close();
        gateway.close();
    }

    @Test
    void readingIsProxiedUnchanged() throws Exception {
        Response response = ask(request(CoAP.Code.GET, "/snsr/arduino/temp", "sens"));
        assertThat(response.getCode()).isEqualTo(ResponseCode.CONTENT);
        assertThat(response.getOptions().getContentFormat()).isEqualTo(60);
        assertThat(CborWrapper.decode(response.getPayload()).orElseThrow().type())
                .isEqualTo("temp");
    }

    @Test
    void sensorsOwnPathsAreReachedBehindThePrefix() throws Exception {
        assertThat(ask(request(CoAP.Code.GET, "/snsr")).getPayloadString()).endsWith("CoAP Server: 1.4.8");
        assertThat(ask(request(CoAP.Code.GET, "/snsr/sys/time")).getPayload()).hasSize(4);
        assertThat(ask(request(CoAP.Code.GET, "/snsr/sys/stats", "mod=coap")).getPayload())
                .hasSize(40);
        Request put = request(CoAP.Code.PUT, "/snsr/sys/time");
        put.setPayload(new byte[] {6, 8, 0x5B, (byte) 0xD3, 0x76, 0x16, 0, 0, 0, 0});
        assertThat(ask(put).getCode()).isEqualTo(ResponseCode.CHANGED);
        assertThat(ask(request(CoAP.Code.PUT, "/snsr/arduino/temp", "cfg=C")).getCode())
                .isEqualTo(ResponseCode.CHANGED);
        assertThat(text(ask(request(CoAP.Code.GET, "/snsr/arduino/temp", "sens"))))
                .endsWith(",C");
    }

    @Test
    void emptyQueryIsNoQuery() throws Exception {
        assertThat(ask(request(CoAP.Code.GET, "/snsr/arduino/temp", "")).getCode())
                .isEqualTo(ResponseCode.METHOD_NOT_ALLOWED);
        assertThat(ask(request(CoAP.Code.GET, "", "")).getPayloadString()).contains("001350050047dd92");
        assertThat(ask(request(CoAP.Code.GET, "/snsr/arduino/temp", "", "sens")).getCode())
                .isEqualTo(ResponseCode.CONTENT);
    }

    @Test
    void whatKillsTheSensorIsNeverForwarded() throws Exception {
        assertThat(ask(request(CoAP.Code.GET, "/snsr/sys/stats")).getCode()).isEqualTo(ResponseCode.METHOD_NOT_ALLOWED);
        assertThat(ask(request(CoAP.Code.GET, "/snsr/sys/stats", "")).getCode())
                .isEqualTo(ResponseCode.METHOD_NOT_ALLOWED);
        assertThat(ask(request(CoAP.Code.PUT, "/snsr/arduino/temp", "cfg=" + "x".repeat(124)))
                        .getCode())
                .isEqualTo(ResponseCode.BAD_REQUEST);
        Request ifMatch = request(CoAP.Code.PUT, "/snsr/arduino/temp", "cfg=C");
        ifMatch.getOptions().addIfMatch(new byte[] {1});
        assertThat(ask(ifMatch).getCode()).isEqualTo(ResponseCode.BAD_OPTION);
        Request ifNoneMatch = request(CoAP.Code.PUT, "/snsr/arduino/temp", "cfg=C");
        ifNoneMatch.getOptions().setIfNoneMatch(true);
        assertThat(ask(ifNoneMatch).getCode()).isEqualTo(ResponseCode.BAD_OPTION);
        Request firstBlock = request(CoAP.Code.PUT, "/snsr/arduino/temp", "cfg=C");
        firstBlock.getOptions().setBlock1(BlockOption.size2Szx(16), true, 0);
        firstBlock.setPayload(new byte[16]);
        assertThat(ask(firstBlock).getCode()).isEqualTo(ResponseCode.BAD_OPTION);
        Request large = request(CoAP.Code.PUT, "/snsr/sys/time");
        large.setPayload(new byte[300]);
        assertThat(ask(large).getCode()).isEqualTo(ResponseCode.REQUEST_ENTITY_TOO_LARGE);
        assertThat(ask(request(CoAP.Code.FETCH, "/snsr/arduino/temp", "sens")).getCode())
                .isEqualTo(ResponseCode.METHOD_NOT_ALLOWED);
        assertThat(sensor.isHung()).isFalse();
        assertThat(ask(request(CoAP.Code.GET, "/snsr/arduino/temp", "sens")).getCode())
                .isEqualTo(ResponseCode.CONTENT);
    }

    /// The sensor takes each of them for a path that it must not see, or for one that is observed already.
    @Test
    void pathsThatOnlyLookDifferentAreRefused() throws Exception {
        List<List<String>> paths = List.of(
                List.of("snsr", "sys", "stats", ""),
                List.of("snsr", "", "sys", "stats"),
                List.of("snsr", "sys", "", "stats"),
                List.of("snsr", "sys/stats"),
                List.of("snsr", "sys/stats", ""),
                List.of("snsr", "/sys", "stats"),
                List.of("snsr", ""));
        for (List<String> path : paths) {
            assertThat(ask(request(path)).getCode()).as("%s", path).isEqualTo(ResponseCode.NOT_FOUND);
        }
        Request observe = request(List.of("snsr", "arduino", "/temp"));
        observe.getOptions().addUriQuery("sens");
        observe.setObserve();
        Response refused = ask(observe);
        assertThat(refused.getCode()).isEqualTo(ResponseCode.NOT_FOUND);
        assertThat(refused.getOptions().hasObserve()).isFalse();
        assertThat(sensor.isHung()).isFalse();
        assertThat(ask(request(CoAP.Code.GET, "/snsr/arduino/temp", "sens")).getCode())
                .isEqualTo(ResponseCode.CONTENT);
    }

    private Request request(List<String> path) {
        Request request = request(CoAP.Code.GET, "");
        path.forEach(request.getOptions()::addUriPath);
        return request;
    }

    @Test
    void queriesOfAPutAreBoundedTogether() throws Exception {
        String half = "cfg=" + "x".repeat(60);
        assertThat(ask(request(CoAP.Code.PUT, "/snsr/arduino/temp", half, "y".repeat(63)))
                        .getCode())
                .as("128 bytes with the separator")
                .isEqualTo(ResponseCode.BAD_REQUEST);
        assertThat(ask(request(CoAP.Code.PUT, "/snsr/arduino/temp", half, "y".repeat(62)))
                        .getCode())
                .as("127 bytes reach the sensor, which knows no such unit")
                .isNotEqualTo(ResponseCode.BAD_REQUEST);
        assertThat(sensor.isHung()).isFalse();
    }

    @Test
    void observeOnConfigurationIsLeftOut() throws Exception {
        Request configuration = request(CoAP.Code.GET, "/snsr/arduino/temp", "cfg");
        configuration.setObserve();
        Response response = ask(configuration);
        assertThat(response.getCode()).isEqualTo(ResponseCode.CONTENT);
        assertThat(response.getOptions().hasObserve()).isFalse();
    }

    @Test
    void sensorsErrorsComeThrough() throws Exception {
        assertThat(ask(request(CoAP.Code.GET, "/snsr/arduino/nothing", "sens")).getCode())
                .isEqualTo(ResponseCode.NOT_FOUND);
        assertThat(ask(request(CoAP.Code.GET, "/snsr/arduino/temp", "what")).getCode())
                .isEqualTo(ResponseCode.NOT_IMPLEMENTED);
        assertThat(ask(request(CoAP.Code.GET, "/snsr/arduino")).getCode()).isEqualTo(ResponseCode.NOT_FOUND);
        sensor.powerOff();
        assertThat(ask(request(CoAP.Code.GET, "/snsr/arduino/temp", "sens")).getCode())
                .isEqualTo(ResponseCode.GATEWAY_TIMEOUT);
    }

    @Test
    void observerGetsTheRegisterAnswerThenReadingsUntilItResets() throws Exception {
        Request observe = request(CoAP.Code.GET, "/snsr/arduino/temp", "sens");
        observe.setObserve();
        BlockingQueue<Response> responses = new LinkedBlockingQueue<>();
        CoapObserveRelation relation = observe(observe, responses);
        Response first = next(responses);
        assertThat(first.getCode()).isEqualTo(ResponseCode.VALID);
        assertThat(first.getOptions().hasObserve()).isTrue();
        for (int i = 0; i < 3; i++) {
            Response notification = next(responses);
            assertThat(notification.getCode()).isEqualTo(ResponseCode.CONTENT);
            assertThat(notification.getOptions().hasObserve()).isTrue();
            assertThat(notification.getOptions().getMaxAge()).isEqualTo(90);
            assertThat(text(notification)).endsWith(",F");
        }
        // The next notification is answered with RST.
        relation.reactiveCancel();
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .until(() -> ask(request(CoAP.Code.GET, "/snsr/sys/stats", "mod=coap"))
                                .getPayload()[4 + 5 * 4 + 3]
                        == 0);
    }

    /// Who tries what cannot be observed is told so, and keeps nobody from observing what can.
    @Test
    void refusedRegistrationIsAnsweredAndTakesNoPlace() throws Exception {
        PipeLink.Ends ends = PipeLink.create();
        Sensor.Settings fast = Sensor.Settings.of(Firmware.V1_4_8).withIdleGap(Duration.ofMillis(2));
        List<SensorDriver> drivers = List.of(new TemperatureDriver(Duration.ofSeconds(60), 1), new LongNamed());
        try (Sensor another = new Sensor(fast, drivers, loop, ends.sensor(), cause -> {});
                Nic quick = nic(ends, Duration.ofMillis(1))) {
            another.start();
            quick.start();
            for (int i = 0; i < 70; i++) {
                assertThat(ask(observing(quick, "/snsr/arduino/x" + i)).getCode())
                        .isEqualTo(ResponseCode.NOT_FOUND);
            }
            // The sensor says 2.03 without Observe.
            Response refused = ask(observing(quick, "/snsr/arduino/" + LongNamed.TYPE));
            assertThat(refused.getCode()).isEqualTo(ResponseCode.SERVICE_UNAVAILABLE);
            assertThat(refused.getOptions().hasObserve()).isFalse();
            assertThat(ask(observing(quick, "/snsr/arduino/temp")).getOptions().hasObserve())
                    .isTrue();
        }
    }

    private static Request observing(Nic asked, String path) {
        Request request = request(asked, CoAP.Code.GET, path, "sens");
        request.setObserve();
        return request;
    }

    /// The firmware takes no observer of a path of more than 31 bytes.
    private static final class LongNamed implements SensorDriver {
        static final String TYPE = "t".repeat(24);

        @Override
        public String type() {
            return TYPE;
        }

        @Override
        public Duration period() {
            return Duration.ZERO;
        }

        @Override
        public byte[] read(long epochSeconds) {
            return new byte[] {'0'};
        }

        @Override
        public byte[] configuration(long epochSeconds) {
            return read(epochSeconds);
        }

        @Override
        public Verdict configure(String value) {
            return Verdict.UNKNOWN_SETTING;
        }
    }

    @Test
    void observerIsRemovedByObserveOne() throws Exception {
        Request observe = request(CoAP.Code.GET, "/snsr/arduino/temp", "sens");
        observe.setObserve();
        BlockingQueue<Response> responses = new LinkedBlockingQueue<>();
        CoapObserveRelation relation = observe(observe, responses);
        assertThat(next(responses).getCode()).isEqualTo(ResponseCode.VALID);
        relation.proactiveCancel();
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .until(() -> ask(request(CoAP.Code.GET, "/snsr/sys/stats", "mod=coap"))
                                .getPayload()[4 + 5 * 4 + 3]
                        == 0);
    }

    @Test
    void largeAnswersAreCutIntoTheBlocksThatTheClientAsksFor() throws Exception {
        Request small = request(CoAP.Code.GET, "/snsr/.well-known/core");
        small.getOptions().setBlock2(1, false, 0);
        assertThat(ask(small).getPayloadString()).startsWith("</sys>;").endsWith(";,");
    }

    @Test
    void ownResourcesAreServedAndObserved() throws Exception {
        assertThat(ask(request(CoAP.Code.GET, "/.well-known/core")).getPayloadString())
                .contains("</power>;obs", "</snsr>");
        assertThat(ask(request(CoAP.Code.GET, "/battery")).getPayloadString()).endsWith(",100,%");
        assertThat(ask(request(CoAP.Code.GET, "/signal")).getPayloadString()).endsWith(",-70,dBm");
        assertThat(ask(request(CoAP.Code.GET, "/time")).getPayloadString()).matches("\\d+");
        assertThat(ask(request(CoAP.Code.GET, "/nothing")).getCode()).isEqualTo(ResponseCode.NOT_FOUND);
        Request observe = request(CoAP.Code.GET, "/power");
        observe.setObserve();
        BlockingQueue<Response> responses = new LinkedBlockingQueue<>();
        observe(observe, responses);
        assertThat(next(responses).getPayloadString()).endsWith(",mains");
        nic.mainsPower(false);
        assertThat(next(responses).getPayloadString()).endsWith(",lost");
    }

    @Test
    void ownResourcesThatChangeAreNotified() throws Exception {
        assertThat(ask(request(CoAP.Code.GET, "/battery")).getOptions().getMaxAge())
                .isEqualTo(60);
        BlockingQueue<Response> batteries = new LinkedBlockingQueue<>();
        BlockingQueue<Response> signals = new LinkedBlockingQueue<>();
        for (String path : List.of("/battery", "/signal")) {
            Request observe = request(CoAP.Code.GET, path);
            observe.setObserve();
            BlockingQueue<Response> responses = path.equals("/battery") ? batteries : signals;
            observe(observe, responses);
            assertThat(next(responses).getOptions().getMaxAge())
                    .as("until the next by period")
                    .isEqualTo(900);
        }
        nic.batteryPercent(42);
        nic.signalDbm(-43);
        Response battery = next(batteries);
        assertThat(battery.getPayloadString()).endsWith(",42,%");
        assertThat(battery.getOptions().getMaxAge()).isEqualTo(900);
        assertThat(next(signals).getPayloadString()).endsWith(",-43,dBm");
    }

    /// RFC 7252 §5.4.1, §5.10.4, §5.10.8: what a request makes a condition of is not passed over.
    @Test
    void conditionsThatOwnResourcesDoNotKnowAreRefused() throws Exception {
        for (String path : List.of("/bubbleup", "/battery")) {
            Request conditional = request(CoAP.Code.PUT, path);
            conditional.setPayload("alert:/power\n");
            conditional.getOptions().addIfMatch(new byte[] {1});
            assertThat(ask(conditional).getCode()).isEqualTo(ResponseCode.BAD_OPTION);
        }
        assertThat(ask(request(CoAP.Code.GET, "/bubbleup")).getPayloadString()).isEmpty();
        Request creating = request(CoAP.Code.PUT, "/bubbleup");
        creating.getOptions().setIfNoneMatch(true);
        assertThat(ask(creating).getCode()).isEqualTo(ResponseCode.BAD_OPTION);
        for (String path : List.of("", "/battery", "/bubbleup", "/.well-known/core")) {
            assertThat(ask(accepting(path, 60)).getCode()).as(path).isEqualTo(ResponseCode.NOT_ACCEPTABLE);
            int format = path.endsWith("core") ? 40 : 0;
            assertThat(ask(accepting(path, format)).getCode()).as(path).isEqualTo(ResponseCode.CONTENT);
        }
        assertThat(ask(accepting("/nothing", 60)).getCode()).isEqualTo(ResponseCode.NOT_FOUND);
    }

    private Request accepting(String path, int format) {
        Request request = request(CoAP.Code.GET, path);
        request.getOptions().setAccept(format);
        return request;
    }

    @Test
    void theTableIsChangedByPut() throws Exception {
        assertThat(ask(request(CoAP.Code.GET, "/bubbleup")).getPayloadString()).isEmpty();
        Request put = request(CoAP.Code.PUT, "/bubbleup");
        put.setPayload("read:/snsr/arduino/temp\nalert:/battery:every=1\n");
        assertThat(ask(put).getCode()).isEqualTo(ResponseCode.CHANGED);
        assertThat(ask(request(CoAP.Code.GET, "/bubbleup")).getPayloadString())
                .isEqualTo("read:/snsr/arduino/temp:mqtt:con:periodic\nalert:/battery:mqtt:con:push:every=1\n");
        for (String uri : List.of("/snsr/arduino/temp", "/battery")) {
            Awaitility.await()
                    .until(() -> gateway.bubbleUps.stream()
                            .anyMatch(asked -> asked.query("uri").equals(uri)));
        }
        Request bad = request(CoAP.Code.PUT, "/bubbleup");
        bad.setPayload("read:/snsr/arduino/temp\nreed:/power\n");
        Response refused = ask(bad);
        assertThat(refused.getCode()).isEqualTo(ResponseCode.BAD_REQUEST);
        assertThat(refused.getPayloadString()).contains("'reed'");
        assertThat(ask(request(CoAP.Code.PUT, "/bubbleup")).getCode()).isEqualTo(ResponseCode.CHANGED);
        // The sensor is told that nobody observes it any more.
        Awaitility.await()
                .until(() -> ask(request(CoAP.Code.GET, "/snsr/sys/stats", "mod=coap"))
                                .getPayload()[4 + 5 * 4 + 3]
                        == 0);
    }

    /// RFC 7252 §5.2.2: the answer that comes after the empty acknowledgement is sent again until it is
    /// acknowledged; what follows needs that less.
    @Test
    void lateRegisterAnswerIsConfirmable() throws Exception {
        Request first = request(CoAP.Code.GET, "/snsr/arduino/ncmth1", "sens");
        first.setObserve();
        BlockingQueue<Response> alarms = new LinkedBlockingQueue<>();
        observe(first, alarms);
        assertThat(next(alarms).getType()).isEqualTo(CoAP.Type.ACK);
        Request second = request(CoAP.Code.GET, "/snsr/arduino/temp", "sens");
        second.setObserve();
        BlockingQueue<Response> readings = new LinkedBlockingQueue<>();
        observe(second, readings);
        Response late = next(readings);
        assertThat(late.getType()).isEqualTo(CoAP.Type.CON);
        assertThat(late.getOptions().hasObserve()).isTrue();
        assertThat(next(readings).getType()).isEqualTo(CoAP.Type.NON);
    }

    /// RFC 7641 §3.3.1. Were the sensor's registration ended and made again, the next reading would be a period
    /// late, and this one would not be known.
    @Test
    void registeringAgainWithTheSameTokenLeavesTheSensorAlone() throws Exception {
        Token token = new Token(new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
        Request observe = request(CoAP.Code.GET, "/snsr/arduino/temp", "sens");
        observe.setObserve();
        observe.setToken(token);
        BlockingQueue<Response> responses = new LinkedBlockingQueue<>();
        observe(observe, responses);
        assertThat(next(responses).getCode()).isEqualTo(ResponseCode.VALID);
        assertThat(next(responses).getCode()).isEqualTo(ResponseCode.CONTENT);
        Request again = request(CoAP.Code.GET, "/snsr/arduino/temp", "sens");
        again.setObserve();
        again.setToken(token);
        Response answer = ask(again);
        assertThat(answer.getOptions().hasObserve()).isTrue();
        assertThat(answer.getCode()).isEqualTo(ResponseCode.CONTENT);
    }

    @Test
    void nonConfirmableRequestsAreAnswered() throws Exception {
        Request non = request(CoAP.Code.GET, "/snsr/arduino/temp", "sens");
        non.setConfirmable(false);
        non.setToken(new Token(new byte[] {1, 2, 3, 4, 5, 6, 7, 8}));
        Response response = ask(non);
        assertThat(response.getCode()).isEqualTo(ResponseCode.CONTENT);
        assertThat(response.getToken().getBytes()).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
    }

    private Request request(CoAP.Code code, String path, String... queries) {
        return request(nic, code, path, queries);
    }

    private static Request request(Nic asked, CoAP.Code code, String path, String... queries) {
        Request request = new Request(code);
        request.setURI("coap://127.0.0.1:" + asked.address().getPort());
        if (!path.isEmpty()) {
            request.getOptions().setUriPath(path);
        }
        for (String query : queries) {
            request.getOptions().addUriQuery(query);
        }
        return request;
    }

    private CoapObserveRelation observe(Request request, BlockingQueue<Response> responses) {
        CoapClient observer = new CoapClient();
        observer.setEndpoint(client);
        return observer.observe(request, new CoapHandler() {
            @Override
            public void onLoad(CoapResponse response) {
                responses.add(response.advanced());
            }

            @Override
            public void onError() {}
        });
    }

    private Response ask(Request request) throws InterruptedException {
        client.sendRequest(request);
        Response response = request.waitForResponse(30_000);
        assertThat(response).as("an answer to %s", request).isNotNull();
        return response;
    }

    private static Response next(BlockingQueue<Response> responses) throws InterruptedException {
        Response response = responses.poll(30, TimeUnit.SECONDS);
        assertThat(response).isNotNull();
        return response;
    }

    private static String text(Response response) {
        return new String(
                CborWrapper.decode(response.getPayload()).orElseThrow().data(), StandardCharsets.US_ASCII);
    }
}
