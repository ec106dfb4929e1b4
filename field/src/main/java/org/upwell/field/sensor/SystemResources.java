// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.sensor;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.upwell.field.coap.CoapCode;
import org.upwell.field.coap.CoapMessage;
import org.upwell.field.coap.CoapOption;

/// Everything outside the classifier: `/`, `/.well-known/core`, `/sys/time`, `/sys/stats`. None is observable. Owned by
/// the sensor's thread.
final class SystemResources {
    private static final int ABSOLUTE_TIME = 6;
    private static final int TIME_BYTES = 8;
    private static final int COAP_STATISTICS = 8;
    private static final int STATISTICS_COUNTERS = 9;
    private static final int COUNTER_BYTES = STATISTICS_COUNTERS * Integer.BYTES;

    private final Firmware firmware;
    private final String classifier;
    private final SensorClock clock;
    private final Observers observers;
    private int requests;
    private int answers;

    SystemResources(Firmware firmware, String classifier, SensorClock clock, Observers observers) {
        this.firmware = firmware;
        this.classifier = classifier;
        this.clock = clock;
        this.observers = observers;
    }

    void restart() {
        requests = 0;
        answers = 0;
    }

    void countRequest() {
        requests++;
    }

    void countAnswer() {
        answers++;
    }

    /// Empty: the request kills the firmware.
    Optional<Reply> reply(CoapMessage request, List<String> path) {
        return switch (String.join("/", path)) {
            case "" -> Optional.of(title(request));
            case ".well-known/core" -> Optional.of(links(request));
            case "sys/time" -> Optional.of(time(request));
            case "sys/stats" -> statistics(request);
            default -> Optional.of(Reply.of(CoapCode.NOT_FOUND));
        };
    }

    private Reply title(CoapMessage request) {
        if (request.code() != CoapCode.GET) {
            return Reply.of(CoapCode.FORBIDDEN);
        }
        return Reply.content(Reply.TEXT, SensorServer.utf8("Upwell Reference CoAP Server: " + firmware.version()));
    }

    private Reply links(CoapMessage request) {
        if (request.code() != CoapCode.GET) {
            return Reply.of(CoapCode.NOT_IMPLEMENTED);
        }
        String links = "</sys>;if=\"sys\";title=\"System\";ct=42;rev=1;,</" + classifier + ">;if=\"" + classifier
                + "\";title=\"Sensors\";ct=42;,";
        return Reply.content(Reply.LINK_FORMAT, SensorServer.utf8(links));
    }

    private Reply time(CoapMessage request) {
        return switch (request.code()) {
            case CoapCode.GET -> Reply.content(Reply.OCTETS, SensorServer.epochBytes(clock.epochSeconds()));
            case CoapCode.PUT -> setTime(request.payload());
            default -> Reply.of(CoapCode.NOT_IMPLEMENTED);
        };
    }

    private Reply setTime(byte[] payload) {
        if (payload.length < 2 + TIME_BYTES || payload[0] != ABSOLUTE_TIME || payload[1] != TIME_BYTES) {
            return Reply.of(CoapCode.NOT_ACCEPTABLE);
        }
        ByteBuffer values = ByteBuffer.wrap(payload, 2, TIME_BYTES);
        long seconds = Integer.toUnsignedLong(values.getInt());
        long millis = Integer.toUnsignedLong(values.getInt());
        clock.set(seconds, millis);
        return Reply.of(CoapCode.CHANGED);
    }

    private Optional<Reply> statistics(CoapMessage request) {
        Optional<CoapOption> query = request.option(CoapOption.URI_QUERY);
        if (query.isEmpty()) {
            return Optional.empty();
        }
        boolean isCoap = query.get().textValue().equals("mod=coap");
        if (request.code() != CoapCode.GET || !isCoap) {
            return Optional.of(Reply.of(CoapCode.NOT_IMPLEMENTED));
        }
        // Type, length, two bytes of padding, then the counters; those of memory and retries never move here.
        ByteBuffer block = ByteBuffer.allocate(4 + COUNTER_BYTES)
                .put((byte) COAP_STATISTICS)
                .put((byte) COUNTER_BYTES)
                .putShort((short) 0);
        int[] counters = {0, 0, 0, 0, 0, observers.count(), requests, answers, 0};
        for (int counter : counters) {
            block.putInt(counter);
        }
        return Optional.of(Reply.content(Reply.OCTETS, block.array()));
    }
}
