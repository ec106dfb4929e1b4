// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import org.upwell.app.config.MqttConfig;

/// A number that grows, and the costs that are followed as it does.
enum Curve {
    /// One publisher, all subscribe to its topic.
    SUBSCRIBERS("Subscribers of one topic"),
    /// Idle ones, and a small load beside them.
    CONNECTIONS("Idle connections"),
    /// Persistent ones with a subscription each, on disk; made, left, and resumed.
    SESSIONS("Persistent sessions, offline"),
    /// For one client that is away, QoS 1, on disk.
    QUEUED("Messages queued for one client"),
    /// Of few clients, a fifth of them with a wildcard; each message matches one.
    SUBSCRIPTIONS("Subscriptions, 20 % with a wildcard"),
    /// Of topic names, and of the filters that they match.
    LEVELS("Levels of topic names");

    /// From how many connections on the slope of their memory is told: below, the server's own moves it.
    static final int SLOPE_FROM = 2_000;

    /// How far a curve goes.
    ///
    /// @param most usually
    /// @param quickMost where there is little time
    /// @param warmUp before the first point, not told
    /// @param durable whether the server keeps what it must on disk
    record Course(long least, long most, long quickMost, long warmUp, boolean durable) {}

    private final String title;

    Curve(String title) {
        this.title = title;
    }

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    String title() {
        return title;
    }

    Course course() {
        return switch (this) {
            case SUBSCRIBERS -> new Course(1, 10_000, 1_000, 100, false);
            case CONNECTIONS -> new Course(1, 10_000, 1_000, 1_000, false);
            case SESSIONS -> new Course(1, 10_000, 1_000, 1_000, true);
            case QUEUED -> new Course(1, 1_000_000, 10_000, 50_000, true);
            case SUBSCRIPTIONS -> new Course(1, 1_000_000, 10_000, 10_000, false);
            case LEVELS -> new Course(CurveRuns.LEAST_LEVELS, 128, 128, 8, false);
        };
    }

    /// In the order of the table.
    List<Figure> figures() {
        return switch (this) {
            case SUBSCRIBERS ->
                List.of(
                        new Figure("deliveries_per_s", "deliveries/s", Figure.Kind.RATE),
                        new Figure("cpu_us_per_delivery", "CPU µs/delivery", Figure.Kind.CPU_OF_EACH));
            case CONNECTIONS ->
                List.of(
                        new Figure("connects_per_s", "connects/s", Figure.Kind.RATE),
                        new Figure("cpu_us_per_connect", "CPU µs/connect", Figure.Kind.CPU_OF_EACH),
                        new Figure("rss_anon_bytes", "RssAnon bytes each", Figure.Kind.BYTES_OF_EACH),
                        new Figure("rss_anon_bytes_collected", "after a collection", Figure.Kind.BYTES_OF_EACH),
                        new Figure("heap_bytes", "heap bytes each", Figure.Kind.BYTES_OF_EACH),
                        new Figure("cpu_us_per_message_beside", "CPU µs/message beside", Figure.Kind.CPU_BESIDE));
            case SESSIONS ->
                List.of(
                        new Figure("made_per_s", "made/s", Figure.Kind.RATE),
                        new Figure("cpu_us_per_session_made", "CPU µs made", Figure.Kind.CPU_OF_EACH),
                        new Figure("resumed_per_s", "resumed/s", Figure.Kind.RATE),
                        new Figure("cpu_us_per_session_resumed", "CPU µs resumed", Figure.Kind.CPU_OF_EACH),
                        new Figure("heap_bytes", "heap bytes each", Figure.Kind.BYTES_OF_EACH),
                        new Figure("store_bytes", "store bytes each", Figure.Kind.BYTES_OF_EACH));
            case QUEUED ->
                List.of(
                        new Figure("queued_per_s", "queued/s", Figure.Kind.RATE),
                        new Figure("cpu_us_per_message_queued", "CPU µs queued", Figure.Kind.CPU_OF_EACH),
                        new Figure("drained_per_s", "drained/s", Figure.Kind.RATE),
                        new Figure("cpu_us_per_message_drained", "CPU µs drained", Figure.Kind.CPU_OF_EACH),
                        new Figure("heap_bytes", "heap bytes each", Figure.Kind.BYTES_OF_EACH),
                        new Figure("store_bytes", "store bytes each", Figure.Kind.BYTES_OF_EACH));
            case SUBSCRIPTIONS ->
                List.of(
                        new Figure("subscribed_per_s", "subscribed/s", Figure.Kind.RATE),
                        new Figure("cpu_us_per_subscription", "CPU µs/subscription", Figure.Kind.CPU_OF_EACH),
                        new Figure("heap_bytes", "heap bytes each", Figure.Kind.BYTES_OF_EACH),
                        new Figure("messages_per_s", "messages/s", Figure.Kind.RATE),
                        new Figure("cpu_us_per_message_beside", "CPU µs/message", Figure.Kind.CPU_BESIDE));
            case LEVELS ->
                List.of(
                        new Figure("messages_per_s", "messages/s", Figure.Kind.RATE),
                        new Figure("cpu_us_per_message", "CPU µs/message", Figure.Kind.CPU_OF_WHOLE));
        };
    }

    /// @throws IllegalArgumentException if there is none of this name
    static Curve parse(String word) {
        return Arrays.stream(values())
                .filter(each -> each.word().equals(word.strip().toLowerCase(Locale.ROOT)))
                .findAny()
                .orElseThrow(() -> new IllegalArgumentException("'" + word + "' is not a curve: "
                        + String.join(
                                ", ", Arrays.stream(values()).map(Curve::word).toList())));
    }

    /// The points, rising: decades, or doublings where the range is small, and the last.
    List<Long> steps(long most) {
        long least = course().least;
        if (most < least) {
            throw new IllegalArgumentException(word() + " begin with " + least + ", not below");
        }
        if (this == LEVELS && most > MqttConfig.DEFAULT_TOPIC_LEVELS) {
            throw new IllegalArgumentException(
                    word() + " end with " + MqttConfig.DEFAULT_TOPIC_LEVELS + ", which is what our server takes");
        }
        TreeSet<Long> steps = new TreeSet<>(List.of(least, most));
        int factor = this == LEVELS ? 2 : 10;
        for (long n = 1; n < most; n *= factor) {
            if (n > least) {
                steps.add(n);
            }
        }
        if (this == CONNECTIONS && most > SLOPE_FROM) {
            steps.add((long) SLOPE_FROM);
        }
        return List.copyOf(steps);
    }
}
