// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A curve with its points, told as a table or a line of JSON.
record MeasuredCurve(Curve curve, List<CurvePoint> points) {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    MeasuredCurve {
        points = List.copyOf(points);
    }

    long[] numbers() {
        return points.stream().mapToLong(CurvePoint::n).toArray();
    }

    /// What a figure comes to for all units together, point by point.
    double[] totals(int figure) {
        Figure.Kind kind = curve.figures().get(figure).kind();
        return points.stream()
                .mapToDouble(point -> kind.total(point.n(), point.values().get(figure)))
                .toArray();
    }

    double exponent(int figure) {
        return Exponent.of(numbers(), totals(figure));
    }

    double lastExponent(int figure) {
        return Exponent.ofLast(numbers(), totals(figure));
    }

    /// Bytes of RssAnon that each connection more takes, from so many on that the server's own do not count; NaN
    /// for other curves, or without points as large.
    double slope() {
        int figure = IntStream.range(0, curve.figures().size())
                .filter(i -> curve.figures().get(i).word().equals("rss_anon_bytes"))
                .findAny()
                .orElse(-1);
        CurvePoint from = points.stream()
                .filter(point -> point.n() == Curve.SLOPE_FROM)
                .findAny()
                .orElse(null);
        if (figure < 0 || from == null || points.getLast().n() == from.n()) {
            return Double.NaN;
        }
        double[] totals = totals(figure);
        return (totals[totals.length - 1] - totals[points.indexOf(from)])
                / (points.getLast().n() - from.n());
    }

    // ---- The table -------------------------------------------------------------------------------------------------

    /// Markdown.
    List<String> table() {
        List<String> lines = new ArrayList<>();
        List<Figure> figures = curve.figures();
        lines.add("### " + curve.title());
        lines.add("");
        lines.add(row("n", figures.stream().map(Figure::label).toList()));
        lines.add("|---:|" + "---:|".repeat(figures.size()));
        for (CurvePoint point : points) {
            lines.add(row(
                    String.format(Locale.ROOT, "%,d", point.n()),
                    point.values().stream().map(Column::text).toList()));
        }
        lines.add(row("exponent", ofCosts(this::exponent)));
        lines.add(row("of the last step", ofCosts(this::lastExponent)));
        lines.add(row("wanted at most", ofCosts(i -> figures.get(i).kind().wantedExponent())));
        if (Double.isFinite(slope())) {
            lines.add("");
            lines.add(String.format(
                    Locale.ROOT,
                    "RssAnon from %,d to %,d connections: %,.0f bytes each.",
                    Curve.SLOPE_FROM,
                    points.getLast().n(),
                    slope()));
        }
        return lines;
    }

    private List<String> ofCosts(IntToDoubleFunction exponent) {
        return IntStream.range(0, curve.figures().size())
                .mapToObj(i -> curve.figures().get(i).kind().isCost() ? decimal(exponent.applyAsDouble(i)) : "")
                .toList();
    }

    private static String decimal(double exponent) {
        return Double.isFinite(exponent) ? String.format(Locale.ROOT, "%.2f", exponent) : "-";
    }

    private static String row(String first, List<String> cells) {
        return "| " + first + " | " + String.join(" | ", cells) + " |";
    }

    // ---- JSON ------------------------------------------------------------------------------------------------------

    /// One line.
    String json() {
        ObjectNode root = JSON.createObjectNode().put("curve", curve.word());
        ArrayNode measured = root.putArray("points");
        for (CurvePoint point : points) {
            ObjectNode each = measured.addObject().put("n", point.n());
            for (int i = 0; i < curve.figures().size(); i++) {
                each.put(
                        curve.figures().get(i).word(), toldOrNull(point.values().get(i)));
            }
        }
        ObjectNode exponents = root.putObject("exponents");
        for (int i = 0; i < curve.figures().size(); i++) {
            Figure figure = curve.figures().get(i);
            if (figure.kind().isCost()) {
                exponents
                        .putObject(figure.word())
                        .put("all", toldOrNull(exponent(i)))
                        .put("last_step", toldOrNull(lastExponent(i)))
                        .put("wanted_at_most", figure.kind().wantedExponent());
            }
        }
        if (Double.isFinite(slope())) {
            root.put("rss_anon_slope_bytes", slope());
        }
        return JSON.writeValueAsString(root);
    }

    private static @Nullable Double toldOrNull(double value) {
        return Double.isFinite(value) ? (Double) value : null;
    }
}
