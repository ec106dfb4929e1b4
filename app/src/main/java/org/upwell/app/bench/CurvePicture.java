// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Draws costs against their number with both axes logarithmic, as an SVG that needs nothing from elsewhere and can
/// be read on light and dark ground. A dashed line for each cost shows the most that is wanted: from its first
/// point on, straight. For one picture.
final class CurvePicture {
    private static final int WIDTH = 720;
    private static final int HEIGHT = 440;
    private static final int LEFT = 84;
    private static final int RIGHT = 24;
    private static final int TOP = 48;
    private static final int BOTTOM = 56;
    private static final int LEGEND_LINE = 20;
    private static final int COLOURS = 4;

    private static final String STYLE = """
            text{font-family:system-ui,sans-serif;font-size:13px;fill:#24292f}
            .title{font-size:16px;font-weight:600}
            .grid{stroke:#d0d7de;stroke-width:1}
            .axis{stroke:#57606a;stroke-width:1.5}
            .line{fill:none;stroke-width:2}
            .wanted{fill:none;stroke-width:1.5;stroke-dasharray:6 5;opacity:.75}
            .c0{stroke:#0969da}.c1{stroke:#bc4c00}.c2{stroke:#1a7f37}.c3{stroke:#8250df}
            .p0{fill:#0969da}.p1{fill:#bc4c00}.p2{fill:#1a7f37}.p3{fill:#8250df}
            @media (prefers-color-scheme:dark){
            text{fill:#e6edf3}
            .grid{stroke:#3d444d}
            .axis{stroke:#9198a1}
            .c0{stroke:#58a6ff}.c1{stroke:#f0883e}.c2{stroke:#3fb950}.c3{stroke:#bc8cff}
            .p0{fill:#58a6ff}.p1{fill:#f0883e}.p2{fill:#3fb950}.p3{fill:#bc8cff}
            }
            """;

    /// A cost to draw.
    private record Line(String label, long[] n, double[] total, int wantedExponent) {
        /// The first of its points that are told, -1 if none is.
        private int first() {
            for (int i = 0; i < n.length; i++) {
                if (Exponent.isTold(n[i], total[i])) {
                    return i;
                }
            }
            return -1;
        }

        /// The most that is wanted at a number.
        private double wanted(long at) {
            int first = first();
            return total[first] * Math.pow((double) at / n[first], wantedExponent);
        }
    }

    private final MeasuredCurve measured;
    private final boolean ofBytes;
    private final List<Line> lines = new ArrayList<>();
    private final StringBuilder out = new StringBuilder();
    private double leastX;
    private double mostX;
    private int leastY;
    private int mostY;

    /// @param ofBytes whether its bytes are drawn, else its CPU
    CurvePicture(MeasuredCurve measured, boolean ofBytes) {
        this.measured = measured;
        this.ofBytes = ofBytes;
        List<Figure> figures = measured.curve().figures();
        for (int i = 0; i < figures.size(); i++) {
            Figure.Kind kind = figures.get(i).kind();
            if (kind.isCost() && kind.isBytes() == ofBytes) {
                Line line =
                        new Line(legend(figures.get(i)), measured.numbers(), measured.totals(i), kind.wantedExponent());
                if (line.first() >= 0) {
                    lines.add(line);
                }
            }
        }
    }

    /// What is drawn is the cost of all, where the figure is that of each.
    private static String legend(Figure figure) {
        return switch (figure.kind()) {
            case CPU_OF_EACH, BYTES_OF_EACH -> figure.label() + ", × n";
            case CPU_OF_WHOLE, CPU_BESIDE, RATE -> figure.label();
        };
    }

    String fileName() {
        return measured.curve().word() + (ofBytes ? "-bytes.svg" : "-cpu.svg");
    }

    /// Whether there is anything to draw.
    boolean isEmpty() {
        return lines.isEmpty();
    }

    String svg() {
        chooseRanges();
        String title = measured.curve().title() + (ofBytes ? ": bytes" : ": CPU");
        out.append(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\">%n<title>%s</title>%n",
                WIDTH,
                HEIGHT + LEGEND_LINE * lines.size(),
                escaped(title)));
        out.append("<style>").append(STYLE).append("</style>\n");
        text(LEFT, 26, "class=\"title\"", title);
        grid();
        for (int i = 0; i < lines.size(); i++) {
            draw(lines.get(i), i % COLOURS);
            legend(lines.get(i), i);
        }
        return out.append("</svg>\n").toString();
    }

    private void chooseRanges() {
        double lowX = Double.MAX_VALUE;
        double highX = 0;
        double lowY = Double.MAX_VALUE;
        double highY = 0;
        for (Line line : lines) {
            for (int i = line.first(); i < line.n.length; i++) {
                if (Exponent.isTold(line.n[i], line.total[i])) {
                    lowX = Math.min(lowX, (double) line.n[i]);
                    highX = Math.max(highX, (double) line.n[i]);
                    lowY = Math.min(lowY, line.total[i]);
                    highY = Math.max(highY, Math.max(line.total[i], line.wanted(line.n[i])));
                }
            }
        }
        leastX = Math.floor(Math.log10(lowX));
        mostX = Math.max(Math.log10(highX) + 0.1, leastX + 1);
        leastY = (int) Math.floor(Math.log10(lowY));
        mostY = Math.max((int) Math.ceil(Math.log10(highY)), leastY + 1);
    }

    private void grid() {
        for (int decade = leastY; decade <= mostY; decade++) {
            double at = y(Math.pow(10, decade));
            rule("grid", LEFT, at, WIDTH - RIGHT, at);
            text(LEFT - 8, at + 4, "text-anchor=\"end\"", ofBytes ? bytes(decade) : time(decade));
        }
        for (int decade = (int) leastX; decade <= mostX; decade++) {
            double at = x((long) Math.pow(10, decade));
            rule("grid", at, TOP, at, HEIGHT - BOTTOM);
            text(at, HEIGHT - BOTTOM + 20, "text-anchor=\"middle\"", number(decade));
        }
        rule("axis", LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM);
        rule("axis", LEFT, TOP, LEFT, HEIGHT - BOTTOM);
        text(
                (LEFT + WIDTH - RIGHT) / 2.0,
                HEIGHT - 14,
                "text-anchor=\"middle\"",
                "n: " + measured.curve().word());
    }

    private void draw(Line line, int colour) {
        StringBuilder course = new StringBuilder();
        StringBuilder dots = new StringBuilder();
        long last = 0;
        for (int i = line.first(); i < line.n.length; i++) {
            if (Exponent.isTold(line.n[i], line.total[i])) {
                last = line.n[i];
                double x = x(line.n[i]);
                double y = y(line.total[i]);
                course.append(String.format(Locale.ROOT, "%.1f,%.1f ", x, y));
                dots.append(String.format(
                        Locale.ROOT, "<circle class=\"p%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>%n", colour, x, y));
            }
        }
        long first = line.n[line.first()];
        rule("wanted c" + colour, x(first), y(line.wanted(first)), x(last), y(line.wanted(last)));
        out.append(String.format(
                Locale.ROOT,
                "<polyline class=\"line c%d\" points=\"%s\"/>%n",
                colour,
                course.toString().strip()));
        out.append(dots);
    }

    private void legend(Line line, int place) {
        double at = HEIGHT + LEGEND_LINE * place + 4;
        rule("line c" + place % COLOURS, LEFT, at - 4, LEFT + 28, at - 4);
        text(LEFT + 36, at, "", line.label + (line.wantedExponent == 0 ? " (dashed: constant)" : " (dashed: linear)"));
    }

    private double x(long n) {
        return LEFT + (Math.log10((double) n) - leastX) / (mostX - leastX) * (WIDTH - LEFT - RIGHT);
    }

    private double y(double total) {
        return HEIGHT - BOTTOM - (Math.log10(total) - leastY) / (mostY - leastY) * (HEIGHT - TOP - BOTTOM);
    }

    private void rule(String kind, double fromX, double fromY, double toX, double toY) {
        out.append(String.format(
                Locale.ROOT,
                "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>%n",
                kind,
                fromX,
                fromY,
                toX,
                toY));
    }

    private void text(double x, double y, String attributes, String text) {
        out.append(String.format(
                Locale.ROOT, "<text x=\"%.1f\" y=\"%.1f\" %s>%s</text>%n", x, y, attributes, escaped(text)));
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    private static String number(int decade) {
        return String.format(Locale.ROOT, "%,d", (long) Math.pow(10, decade));
    }

    /// Microseconds.
    private static String time(int decade) {
        return decade < 0
                ? scaled(decade + 3, " ns", " ns")
                : decade < 3 ? scaled(decade, " µs", " µs") : scaled(decade - 3, " ms", " s");
    }

    private static String bytes(int decade) {
        return decade < 3
                ? scaled(decade, " B", " kB")
                : decade < 6 ? scaled(decade - 3, " kB", " MB") : scaled(decade - 6, " MB", " GB");
    }

    /// @param unit that 10 to the decade has below 1,000
    /// @param next that it has from there on
    private static String scaled(int decade, String unit, String next) {
        return decade < 3
                ? String.format(Locale.ROOT, decade < 0 ? "%.3g%s" : "%.0f%s", Math.pow(10, decade), unit)
                : String.format(Locale.ROOT, "%,.0f%s", Math.pow(10, decade - 3), next);
    }
}
