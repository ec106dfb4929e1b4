// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.sensor;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.upwell.field.coap.CoapCode;
import org.upwell.field.coap.CoapFormatException;
import org.upwell.field.coap.CoapMessage;
import org.upwell.field.coap.CoapOption;
import org.upwell.field.coap.CoapType;
import org.upwell.field.hdlc.HdlcSecondary;

/// The sensor's CoAP server, answer for answer as the running firmware gives them (field protocol §7). No I/O; the time
/// comes from the clock it is given. Owned by the sensor's thread.
///
/// What looks wrong but is meant:
/// 1. Registering an observation answers 2.03 with Observe and no reading; the first notification is a period away.
/// 2. Observe on `?cfg` or on a PUT replaces the token of the running observation.
/// 3. A refused observation (four others exist) still restarts the period.
/// 4. What falls due while a message waits is lost, its period with it (1.4.8).
/// 5. Three kinds of request hang the firmware for good ([#isHung()]): `/sys/stats` without query, Observe longer than
///    four bytes, and a PUT query of 128 bytes or more. A NIC must never forward these.
public final class SensorServer implements HdlcSecondary.MessageHandler {
    /// A reading goes out with this Max-Age whatever the period.
    static final int MAX_AGE_SECONDS = 90;
    /// Longer requests get 4.13.
    static final int MAX_REQUEST_BYTES = 239;

    private static final int MAX_QUERY_BYTES = 127;
    private static final int MAX_OBSERVE_BYTES = 4;
    private static final int REGISTER = 0;
    private static final int DEREGISTER = 1;
    private static final byte[] REBOOT_EVENT = CoapMessage.of(CoapType.NON_CONFIRMABLE, CoapCode.PUT, 0xFFFF)
            .path("/sys/snsr")
            .query("ev=rbt")
            .build()
            .encode();

    private final Firmware firmware;
    private final String classifier;
    private final SensorClock clock;
    private final Outbox outbox;
    private final SystemResources system;
    private final List<Registered> sensors = new ArrayList<>();
    private final Observers observers = new Observers();

    private int nextMessageId = -1;
    private boolean hung;

    SensorServer(Firmware firmware, String classifier, SensorClock clock, Outbox outbox) {
        this.firmware = firmware;
        this.classifier = classifier;
        this.clock = clock;
        this.outbox = outbox;
        this.system = new SystemResources(firmware, classifier, clock, observers);
    }

    /// A driver with what the server keeps for it.
    private static final class Registered {
        final SensorDriver driver;
        final String path;
        boolean observed;
        long lastEpochSeconds;

        Registered(SensorDriver driver, String path) {
            this.driver = driver;
            this.path = path;
        }

        boolean isPeriodic() {
            return observed && driver.period().toSeconds() > 0;
        }

        long dueEpochSeconds() {
            return lastEpochSeconds + driver.period().toSeconds();
        }
    }

    void add(SensorDriver driver) {
        sensors.add(new Registered(driver, "/" + classifier + "/" + driver.type()));
        driver.attach(() -> push(driver.type()));
    }

    /// As after power-on: nobody observes, the clock stands at 1999-11-30, and the NIC is told so.
    void restart() {
        hung = false;
        observers.clear();
        sensors.forEach(sensor -> sensor.observed = false);
        nextMessageId = -1;
        clock.restart();
        system.restart();
        outbox.offer(REBOOT_EVENT);
    }

    public boolean isHung() {
        return hung;
    }

    /// Tells the observer of a type at once, if there is one.
    void push(String type) {
        find(type).ifPresent(this::notifyObserver);
    }

    /// Tells the observers whose period is over.
    void notifyDue() {
        long now = clock.epochSeconds();
        for (Registered sensor : sensors) {
            if (sensor.isPeriodic() && now >= sensor.dueEpochSeconds()) {
                sensor.lastEpochSeconds = now;
                notifyObserver(sensor);
            }
        }
    }

    /// Until [#notifyDue()] has something to do; [Long#MAX_VALUE] when nobody waits for a period.
    long nanosUntilDue() {
        long soonest = Long.MAX_VALUE;
        for (Registered sensor : sensors) {
            if (!hung && sensor.isPeriodic()) {
                soonest = Math.min(soonest, clock.nanosUntil(sensor.dueEpochSeconds()));
            }
        }
        return soonest;
    }

    @Override
    public byte @Nullable [] answer(byte[] bytes) {
        if (hung) {
            return null;
        }
        CoapMessage request;
        try {
            request = CoapMessage.decode(bytes);
        } catch (CoapFormatException e) {
            return e.fault() == CoapFormatException.Fault.OPTION ? malformed(bytes) : null;
        }
        if (request.type() == CoapType.ACKNOWLEDGEMENT) {
            return new byte[0];
        }
        system.countRequest();
        if (request.code() == CoapCode.EMPTY) {
            boolean ping = request.type() == CoapType.CONFIRMABLE;
            return CoapMessage.empty(ping ? CoapType.RESET : request.type(), request.messageId())
                    .encode();
        }
        Reply reply = bytes.length > MAX_REQUEST_BYTES ? Reply.of(CoapCode.REQUEST_ENTITY_TOO_LARGE) : reply(request);
        if (hung) {
            return null;
        }
        return encode(request, reply);
    }

    /// Options that run into the payload are answered 4.15 by the firmware.
    private static byte[] malformed(byte[] bytes) {
        int tokenBytes = bytes[0] & 0x0F;
        byte[] answer = new byte[4 + tokenBytes];
        System.arraycopy(bytes, 0, answer, 0, answer.length);
        int answerType = ((bytes[0] >> 4) & 3) == 0 ? 2 : 1;
        answer[0] = (byte) (0x40 | (answerType << 4) | tokenBytes);
        answer[1] = (byte) CoapCode.UNSUPPORTED_CONTENT_FORMAT;
        return answer;
    }

    private Reply reply(CoapMessage request) {
        for (CoapOption option : request.options()) {
            if (CoapOption.isCritical(option.number()) && !isUnderstood(option.number())) {
                return Reply.of(CoapCode.BAD_OPTION);
            }
            if (option.number() == CoapOption.OBSERVE && option.length() > MAX_OBSERVE_BYTES) {
                return hang();
            }
        }
        List<String> path = request.texts(CoapOption.URI_PATH);
        if (path.isEmpty() || !path.getFirst().equals(classifier)) {
            return system.reply(request, path).orElseGet(this::hang);
        }
        return replyForSensor(request, path);
    }

    private static boolean isUnderstood(int number) {
        return CoapOption.isObeyedByAll(number) || number == CoapOption.PROXY_URI || number == CoapOption.PROXY_SCHEME;
    }

    private Reply replyForSensor(CoapMessage request, List<String> path) {
        if (path.size() == 1) {
            return Reply.of(CoapCode.EMPTY);
        }
        Optional<Registered> found = path.size() == 2 ? find(path.get(1)) : Optional.empty();
        if (found.isEmpty()) {
            return Reply.of(CoapCode.NOT_FOUND);
        }
        Registered sensor = found.get();
        Optional<CoapOption> query = request.option(CoapOption.URI_QUERY);
        if (query.isEmpty()) {
            return Reply.of(CoapCode.METHOD_NOT_ALLOWED);
        }
        Reply reply = switch (request.code()) {
            case CoapCode.GET -> get(sensor, query.get().textValue(), request);
            case CoapCode.PUT -> put(sensor, query.get());
            default -> Reply.of(CoapCode.METHOD_NOT_ALLOWED);
        };
        return observeReply(sensor, request, reply);
    }

    private Reply get(Registered sensor, String query, CoapMessage request) {
        return switch (query) {
            case "sens" -> getReading(sensor, request);
            case "cfg" -> wrapped(sensor, sensor.driver.configuration(clock.epochSeconds()));
            default -> Reply.of(CoapCode.NOT_IMPLEMENTED);
        };
    }

    private Reply getReading(Registered sensor, CoapMessage request) {
        Optional<CoapOption> observe = request.option(CoapOption.OBSERVE);
        if (observe.isEmpty()) {
            return wrapper(sensor)
                    .map(payload -> new Reply(CoapCode.CONTENT, firmware.contentFormat(), payload, false))
                    .orElse(Reply.of(CoapCode.INTERNAL_SERVER_ERROR));
        }
        long value = observe.get().uintValue();
        if (value == REGISTER) {
            sensor.observed = true;
            sensor.lastEpochSeconds = clock.epochSeconds();
            return Reply.of(CoapCode.VALID);
        }
        if (value == DEREGISTER) {
            sensor.observed = false;
            return Reply.of(CoapCode.CONTENT);
        }
        return Reply.of(CoapCode.NOT_ACCEPTABLE);
    }

    private Reply put(Registered sensor, CoapOption query) {
        if (query.length() > MAX_QUERY_BYTES) {
            return hang();
        }
        String text = query.textValue();
        if (!text.startsWith("cfg=")) {
            return Reply.of(CoapCode.NOT_IMPLEMENTED);
        }
        return Reply.of(
                switch (sensor.driver.configure(text.substring(4))) {
                    case ACCEPTED -> CoapCode.CHANGED;
                    case UNKNOWN_SETTING -> CoapCode.NOT_IMPLEMENTED;
                    case BAD_VALUE -> CoapCode.NOT_ACCEPTABLE;
                });
    }

    private Reply observeReply(Registered sensor, CoapMessage request, Reply reply) {
        Optional<CoapOption> observe = request.option(CoapOption.OBSERVE);
        if (observe.isEmpty() || hung) {
            return reply;
        }
        long value = observe.get().uintValue();
        if (value == REGISTER && CoapCode.isSuccess(reply.code())) {
            return observers.add(sensor.path, request.token()) ? reply.withObserve() : reply;
        }
        if (value == DEREGISTER) {
            observers.remove(sensor.path, request.token());
        }
        return reply;
    }

    private Optional<byte[]> wrapper(Registered sensor) {
        byte[] data = sensor.driver.read(clock.epochSeconds());
        return sensor.driver.isBinary()
                ? CborWrapper.encodeBinary(sensor.driver.type(), data)
                : CborWrapper.encode(sensor.driver.type(), data);
    }

    private Reply wrapped(Registered sensor, byte[] data) {
        return CborWrapper.encode(sensor.driver.type(), data)
                .map(payload -> new Reply(CoapCode.CONTENT, firmware.contentFormat(), payload, false))
                .orElse(Reply.of(CoapCode.INTERNAL_SERVER_ERROR));
    }

    private byte[] encode(CoapMessage request, Reply reply) {
        CoapType type = request.type() == CoapType.CONFIRMABLE ? CoapType.ACKNOWLEDGEMENT : CoapType.NON_CONFIRMABLE;
        if (reply.code() == CoapCode.EMPTY) {
            return CoapMessage.empty(type, request.messageId()).encode();
        }
        CoapMessage.Builder answer =
                CoapMessage.of(type, reply.code(), request.messageId()).token(request.token());
        if (reply.observe()) {
            answer.option(CoapOption.uint(CoapOption.OBSERVE, observers.nextValue(), 3));
        }
        if (reply.payload().length > 0) {
            answer.option(CoapOption.uint(CoapOption.CONTENT_FORMAT, reply.contentFormat()));
            answer.payload(reply.payload());
        }
        system.countAnswer();
        return answer.build().encode();
    }

    private void notifyObserver(Registered sensor) {
        if (hung || !outbox.accepts()) {
            return;
        }
        byte[] token = observers.token(sensor.path);
        if (token == null) {
            return;
        }
        Optional<byte[]> payload = wrapper(sensor);
        if (payload.isEmpty()) {
            return;
        }
        outbox.offer(CoapMessage.of(CoapType.NON_CONFIRMABLE, CoapCode.CONTENT, messageId())
                .token(token)
                .option(CoapOption.uint(CoapOption.OBSERVE, observers.nextValue(), 3))
                .option(CoapOption.uint(CoapOption.CONTENT_FORMAT, firmware.contentFormat()))
                .option(CoapOption.uint(CoapOption.MAX_AGE, MAX_AGE_SECONDS, 4))
                .payload(payload.get())
                .build()
                .encode());
    }

    /// The first is the clock's low half, the rest count on.
    private int messageId() {
        if (nextMessageId < 0) {
            nextMessageId = (int) clock.epochSeconds() & 0xFFFF;
        }
        int id = nextMessageId;
        nextMessageId = (nextMessageId + 1) & 0xFFFF;
        return id;
    }

    private Reply hang() {
        hung = true;
        return Reply.of(CoapCode.EMPTY);
    }

    private Optional<Registered> find(String type) {
        return sensors.stream()
                .filter(sensor -> sensor.driver.type().equals(type))
                .findFirst();
    }

    /// For `/sys/time`: what the firmware writes after type and length.
    static byte[] epochBytes(long epochSeconds) {
        return ByteBuffer.allocate(4).putInt((int) epochSeconds).array();
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
