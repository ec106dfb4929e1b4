// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

/// One row of the bubble-up table: what the NIC does with what a sensor (or a resource of its own) has to say.
///
/// @param uri the path on the network, for example `/snsr/arduino/temp` or `/power`
/// @param posted whether the NIC posts to the gateway for MQTT; else it only serves observers
/// @param pushOnly the sensor has no period, so silence means nothing
/// @param ownPeriod how often a resource of the NIC's own is told; for sensors without meaning
public record BubbleUpEntry(
        String uri, BubbleUpClass kind, boolean posted, boolean confirmable, boolean pushOnly, Duration ownPeriod) {
    public static final Duration DEFAULT_OWN_PERIOD = Duration.ofMinutes(15);

    /// Rows of a table at most.
    static final int MAX_ROWS = 32;

    private static final String EVERY = "every=";
    private static final String SENSOR_PREFIX = "/" + SensorRules.PREFIX + "/";
    private static final Pattern SENSOR = Pattern.compile("/" + SensorRules.PREFIX + "/[^/]+/[^/]+");
    private static final List<String> OWN = List.of("/time", "/battery", "/signal", "/power");

    public BubbleUpEntry {
        if (!SENSOR.matcher(uri).matches() && !OWN.contains(uri)) {
            throw new IllegalArgumentException(
                    "'" + uri + "' is neither /snsr/<classifier>/<type> nor one of " + String.join(", ", OWN));
        }
    }

    /// Confirmable, to MQTT.
    public static BubbleUpEntry read(String uri) {
        return new BubbleUpEntry(uri, BubbleUpClass.READ, true, true, false, DEFAULT_OWN_PERIOD);
    }

    /// Confirmable, to MQTT, from a sensor that speaks only when something happens.
    public static BubbleUpEntry alert(String uri) {
        return new BubbleUpEntry(uri, BubbleUpClass.ALERT, true, true, true, DEFAULT_OWN_PERIOD);
    }

    /// Reads `<read|alert>:<uri>[:mqtt|:coap][:con|:non][:push|:periodic][:every=<seconds>]`.
    public static BubbleUpEntry parse(String text) {
        List<String> parts = List.of(text.split(":", -1));
        if (parts.size() < 2) {
            throw new IllegalArgumentException("'" + text + "' is not <read|alert>:<uri>[:mqtt|coap][:con|non][:push]");
        }
        BubbleUpClass kind = BubbleUpClass.of(parts.getFirst());
        boolean posted = true;
        boolean confirmable = true;
        boolean pushOnly = kind == BubbleUpClass.ALERT;
        Duration period = DEFAULT_OWN_PERIOD;
        for (String word : parts.subList(2, parts.size())) {
            if (word.startsWith(EVERY)) {
                period = seconds(text, word.substring(EVERY.length()));
                continue;
            }
            switch (word) {
                case "mqtt" -> posted = true;
                case "coap" -> posted = false;
                case "con" -> confirmable = true;
                case "non" -> confirmable = false;
                case "push" -> pushOnly = true;
                case "periodic" -> pushOnly = false;
                default ->
                    throw new IllegalArgumentException(
                            "'" + word + "' in '" + text + "' is none of mqtt, coap, con, non, push, periodic");
            }
        }
        return new BubbleUpEntry(parts.get(1), kind, posted, confirmable, pushOnly, period);
    }

    /// Reads a whole table, a row a line; empty lines and `#` comments mean nothing.
    ///
    /// @throws IllegalArgumentException naming what is wrong
    static List<BubbleUpEntry> parseTable(String text) {
        List<BubbleUpEntry> rows = text.lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                .map(BubbleUpEntry::parse)
                .toList();
        if (rows.size() > MAX_ROWS) {
            throw new IllegalArgumentException(rows.size() + " rows are more than " + MAX_ROWS);
        }
        long uris = rows.stream().map(BubbleUpEntry::uri).distinct().count();
        if (uris < rows.size()) {
            throw new IllegalArgumentException("a URI stands in more than one row");
        }
        return rows;
    }

    /// As [#parse] reads it.
    String text() {
        String every = ownPeriod.equals(DEFAULT_OWN_PERIOD) ? "" : ":" + EVERY + ownPeriod.toSeconds();
        return kind.word() + ":" + uri + (posted ? ":mqtt" : ":coap") + (confirmable ? ":con" : ":non")
                + (pushOnly ? ":push" : ":periodic") + every;
    }

    private static Duration seconds(String row, String digits) {
        if (!digits.matches("[1-9]\\d{0,6}")) {
            throw new IllegalArgumentException("'" + digits + "' in '" + row + "' is not a number of seconds");
        }
        return Duration.ofSeconds(Long.parseLong(digits));
    }

    boolean isSensor() {
        return uri.startsWith(SENSOR_PREFIX);
    }

    /// The path on the UART.
    String sensorPath() {
        return uri.substring(SENSOR_PREFIX.length() - 1);
    }
}
