// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.upwell.app.config.PlainCause;
import org.upwell.app.process.LastingPorts;

/// Curves as a user asks for them. Each has a server of its own, so that none pays for what another left; what was
/// started is ended, and nothing else.
public final class GrowthCurves {
    private static final CurveRuns.Times TIMES = new CurveRuns.Times(Duration.ofSeconds(1), Duration.ofSeconds(3));
    private static final CurveRuns.Times WARM_UP = new CurveRuns.Times(Duration.ofSeconds(3), Duration.ofSeconds(3));
    private static final CurveRuns.Times QUICK = new CurveRuns.Times(Duration.ofMillis(200), Duration.ofMillis(600));

    /// As long as the queues of the servers started here may be.
    private static final long MOST = 2_000_000;

    private final List<Curve> curves;
    private final List<Long> lasts;
    private final boolean quick;
    private final Path pictures;

    /// @param names of curves; all if empty
    /// @param most the last point of curves that are named, a bound for the others; 0 for what is usual
    /// @param quick whether little time is to be spent, and little told
    /// @param pictures the directory for them, made if it is not there
    /// @throws IllegalArgumentException for a curve that is none, or begins beyond `most`
    public GrowthCurves(List<String> names, long most, boolean quick, Path pictures) {
        this.curves = names.isEmpty()
                ? List.of(Curve.values())
                : names.stream().map(Curve::parse).distinct().toList();
        if (most < 0 || most > MOST) {
            throw new IllegalArgumentException("a curve ends at 1 to " + MOST + ", not at " + most);
        }
        this.quick = quick;
        this.pictures = pictures;
        boolean named = !names.isEmpty();
        this.lasts = curves.stream().map(each -> last(each, most, named)).toList();
        for (int i = 0; i < curves.size(); i++) {
            var _ = curves.get(i).steps(lasts.get(i));
        }
    }

    private long last(Curve curve, long most, boolean named) {
        long usual = quick ? curve.course().quickMost() : curve.course().most();
        return most == 0 ? usual : named ? most : Math.min(usual, most);
    }

    /// The names of all.
    public static List<String> names() {
        return Stream.of(Curve.values()).map(Curve::word).toList();
    }

    /// Who is told what happens.
    ///
    /// @param table lines for a person
    /// @param json a line for each curve
    /// @param progress in words what is measured now, and what could not be
    public record Listeners(Consumer<String> table, Consumer<String> json, Consumer<String> progress) {}

    /// Blocks until all is measured.
    ///
    /// @return how many curves ended before their last point
    public int run(Listeners listeners) throws IOException, InterruptedException {
        Files.createDirectories(pictures);
        int failures = 0;
        for (int i = 0; i < curves.size(); i++) {
            Curve curve = curves.get(i);
            List<Long> steps = curve.steps(lasts.get(i));
            MeasuredCurve measured = measure(curve, steps, listeners.progress);
            if (measured.points().size() < steps.size()) {
                failures++;
            }
            if (!measured.points().isEmpty()) {
                measured.table().forEach(listeners.table);
                listeners.table.accept("");
                listeners.json.accept(measured.json());
                draw(measured, listeners.progress);
            }
        }
        return failures;
    }

    private MeasuredCurve measure(Curve curve, List<Long> steps, Consumer<String> progress)
            throws IOException, InterruptedException {
        boolean durable = curve.course().durable();
        int httpPort = LastingPorts.tcp();
        List<CurvePoint> points = new ArrayList<>();
        try (StartedBroker server = (durable ? BrokerKind.SYNC : BrokerKind.MEMORY).startForCurves(httpPort)) {
            CurveRuns runs = new CurveRuns(
                    server.peer().port(), new ServerProbe(server.peer().pid(), httpPort, durable));
            try {
                progress.accept(curve.word() + ": warming up");
                long warmUp = Math.clamp(curve.course().warmUp(), steps.getFirst(), steps.getLast());
                var _ = runs.measure(curve, warmUp, quick ? QUICK : WARM_UP);
                for (long n : steps) {
                    progress.accept(String.format(Locale.ROOT, "%s: %,d", curve.word(), n));
                    points.add(runs.measure(curve, n, quick ? QUICK : TIMES));
                }
            } catch (IOException e) {
                // The points before it stand, and so do the other curves.
                progress.accept(curve.word() + " ended early: " + PlainCause.of(e));
            }
        }
        return new MeasuredCurve(curve, points);
    }

    private void draw(MeasuredCurve measured, Consumer<String> progress) throws IOException {
        for (boolean ofBytes : new boolean[] {false, true}) {
            CurvePicture picture = new CurvePicture(measured, ofBytes);
            if (!picture.isEmpty()) {
                Path file = Files.writeString(pictures.resolve(picture.fileName()), picture.svg());
                progress.accept("drawn: " + file);
            }
        }
    }
}
