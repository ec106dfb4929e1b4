// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.upwell.field.coap.CoapCode;
import org.upwell.field.coap.CoapOption;

/// What must never reach the sensor, because it kills the firmware or does something else than was asked (field
/// protocol §7, last row). No state.
final class SensorRules {
    /// The sensor answers 4.13 to more.
    static final int MAX_REQUEST_BYTES = 239;
    /// Network requests for the sensor begin so.
    static final String PREFIX = "snsr";

    private static final int MAX_QUERY_BYTES = 127;

    private SensorRules() {}

    /// An empty query means no query (field protocol §4).
    static List<String> withoutEmptyQueries(List<String> queries) {
        return queries.stream().filter(query -> !query.isEmpty()).toList();
    }

    /// The path on the UART for a path on the network.
    static String sensorPath(List<String> networkPath) {
        return "/" + String.join("/", networkPath.subList(1, networkPath.size()));
    }

    /// Whether the path is one of those that stand for the sensor's.
    static boolean isForSensor(List<String> networkPath) {
        return !networkPath.isEmpty() && networkPath.getFirst().equals(PREFIX);
    }

    /// Whether the path names something of the sensor's. The sensor splits its path at every `/` and skips what is
    /// empty, so `/sys//stats` or a segment `sys/stats` would get past rules that compare whole paths.
    static boolean isPath(List<String> networkPath) {
        return networkPath.stream().noneMatch(segment -> segment.isEmpty() || segment.indexOf('/') >= 0);
    }

    /// `GET …?sens` alone can be observed; elsewhere Observe would replace a running token and is left out.
    static boolean isObservable(int code, List<String> networkPath, List<String> queries) {
        return code == CoapCode.GET
                && networkPath.size() == 3
                && isPath(networkPath)
                && !networkPath.get(1).equals("sys")
                && withoutEmptyQueries(queries).equals(List.of("sens"));
    }

    /// The code to refuse the request with, if it must not be forwarded.
    static OptionalInt refusal(SensorClient.Request request, List<Integer> optionNumbers) {
        if (request.code() < CoapCode.GET || request.code() > CoapCode.DELETE) {
            return OptionalInt.of(CoapCode.METHOD_NOT_ALLOWED);
        }
        if (optionNumbers.stream().anyMatch(number -> CoapOption.isCritical(number) && !isForwarded(number))) {
            return OptionalInt.of(CoapCode.BAD_OPTION);
        }
        if (request.path().equals("/sys/stats") && request.queries().isEmpty()) {
            return OptionalInt.of(CoapCode.METHOD_NOT_ALLOWED);
        }
        if (isQueryTooLong(request)) {
            return OptionalInt.of(CoapCode.BAD_REQUEST);
        }
        return SensorClient.fits(request) ? OptionalInt.empty() : OptionalInt.of(CoapCode.REQUEST_ENTITY_TOO_LARGE);
    }

    /// The sensor joins the queries of a PUT in one place, with a byte between two.
    private static boolean isQueryTooLong(SensorClient.Request request) {
        int sum = -1;
        for (String query : request.queries()) {
            int length = query.getBytes(StandardCharsets.UTF_8).length;
            sum += 1 + length;
            if (length > MAX_QUERY_BYTES) {
                return true;
            }
        }
        return request.code() == CoapCode.PUT && sum > MAX_QUERY_BYTES;
    }

    /// Block2 is served here, since the sensor ignores it; host and port have done their work.
    private static boolean isForwarded(int number) {
        return CoapOption.isObeyedByAll(number);
    }

    /// The elective options that go on to the sensor.
    static Optional<CoapOption> option(int number, int value) {
        return value < 0 ? Optional.empty() : Optional.of(CoapOption.uint(number, value));
    }
}
