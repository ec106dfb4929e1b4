// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.StringReader;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class MeasuredCurveTest {
    private static final double UNTOLD = Double.NaN;

    private final MeasuredCurve subscriptions = new MeasuredCurve(
            Curve.SUBSCRIPTIONS,
            List.of(
                    point(1, 900, UNTOLD, UNTOLD, 500_000, 2),
                    point(1_000, 90_000, 8, 250, 480_000, 2),
                    point(100_000, 200_000, 8, 250, 440_000, 200)));

    private final MeasuredCurve connections = new MeasuredCurve(
            Curve.CONNECTIONS,
            List.of(
                    point(1_000, 9_000, 90, 9_000, 8_000, 3_700, 12),
                    point(2_000, 9_000, 90, 7_000, 6_000, 3_600, 12),
                    point(18_000, 9_000, 90, 5_000, 4_500, 3_600, 12)));

    private static CurvePoint point(long n, double... values) {
        return new CurvePoint(n, Arrays.stream(values).boxed().toList());
    }

    @Test
    void tableHasPointsAndExponentsOfCosts() {
        assertThat(subscriptions.table())
                .containsExactly(
                        "### Subscriptions, 20 % with a wildcard",
                        "",
                        "| n | subscribed/s | CPU µs/subscription | heap bytes each | messages/s | CPU µs/message |",
                        "|---:|---:|---:|---:|---:|---:|",
                        "| 1 | 900 | - | - | 500,000 | 2 |",
                        "| 1,000 | 90,000 | 8 | 250 | 480,000 | 2 |",
                        "| 100,000 | 200,000 | 8 | 250 | 440,000 | 200 |",
                        "| exponent |  | 1.00 | 1.00 |  | 0.37 |",
                        "| of the last step |  | 1.00 | 1.00 |  | 1.00 |",
                        "| wanted at most |  | 1.00 | 1.00 |  | 0.00 |");
    }

    @Test
    void slopeOfMemoryLeavesTheServersOwnOut() {
        // 18,000 × 5,000 less 2,000 × 7,000, by 16,000.
        assertThat(connections.slope()).isEqualTo(4_750);
        assertThat(connections.table()).endsWith("RssAnon from 2,000 to 18,000 connections: 4,750 bytes each.");
        assertThat(subscriptions.slope()).isNaN();
    }

    @Test
    void jsonIsOneLineWithNullForWhatWasNotTold() {
        assertThat(connections.json()).doesNotContain("\n");
        JsonNode json = JsonMapper.builder().build().readTree(subscriptions.json());
        assertThat(json.path("curve").asString()).isEqualTo("subscriptions");
        assertThat(json.path("points").size()).isEqualTo(3);
        assertThat(json.path("points").get(0).get("heap_bytes").isNull()).isTrue();
        assertThat(json.path("points").get(2).get("heap_bytes").asDouble()).isEqualTo(250);
        JsonNode exponent = json.path("exponents").path("cpu_us_per_message_beside");
        assertThat(exponent.path("last_step").asDouble()).isCloseTo(1, within(1e-9));
        assertThat(exponent.path("wanted_at_most").asInt(-1)).isZero();
        assertThat(json.path("exponents").has("messages_per_s")).isFalse();
    }

    @Test
    void picturesAreWellFormedAndNeedNothingFromElsewhere() throws Exception {
        String svg = new CurvePicture(subscriptions, false).svg();
        Document picture = parsed(svg);
        assertThat(picture.getDocumentElement().getNamespaceURI()).isEqualTo("http://www.w3.org/2000/svg");
        // Two costs: one with two points that are told, one with three.
        assertThat(picture.getElementsByTagName("polyline").getLength()).isEqualTo(2);
        assertThat(picture.getElementsByTagName("circle").getLength()).isEqualTo(5);
        assertThat(elementsOf(picture, "line", "wanted")).hasSize(2);
        assertThat(texts(picture)).contains("1", "10", "100", "1,000", "10,000", "100,000", "1 ms", "100 ms", "1 s");
        assertThat(svg)
                .contains("prefers-color-scheme:dark")
                .doesNotContain("href", "url(", "<script", "@import", "NaN", "Infinity");
    }

    @Test
    void linearCostLiesOnItsDashedLineAndConstantOneIsFlat() throws Exception {
        Document picture = parsed(new CurvePicture(subscriptions, false).svg());
        List<Element> wanted = elementsOf(picture, "line", "wanted");
        Element linear = wanted.getFirst();
        String course = ((Element) picture.getElementsByTagName("polyline").item(0)).getAttribute("points");
        assertThat(course)
                .isEqualTo(linear.getAttribute("x1") + "," + linear.getAttribute("y1") + " " + linear.getAttribute("x2")
                        + "," + linear.getAttribute("y2"));
        Element constant = wanted.getLast();
        assertThat(constant.getAttribute("y1")).isEqualTo(constant.getAttribute("y2"));
        assertThat(Double.parseDouble(linear.getAttribute("y2")))
                .isLessThan(Double.parseDouble(linear.getAttribute("y1")));
    }

    @Test
    void bytesHaveAPictureOfTheirOwn() throws Exception {
        CurvePicture picture = new CurvePicture(subscriptions, true);
        assertThat(picture.fileName()).isEqualTo("subscriptions-bytes.svg");
        assertThat(texts(parsed(picture.svg()))).contains("100 kB", "1 MB", "10 MB", "100 MB");
        MeasuredCurve without = new MeasuredCurve(Curve.LEVELS, List.of(point(3, 1_000, 0.9), point(128, 900, 1.9)));
        assertThat(new CurvePicture(without, true).isEmpty()).isTrue();
        assertThat(texts(parsed(new CurvePicture(without, false).svg()))).contains("100 ns", "1 µs", "10 µs");
    }

    @Test
    void stepsAreDecadesOrDoublingsWithBothEnds() {
        assertThat(Curve.QUEUED.steps(1_000)).containsExactly(1L, 10L, 100L, 1_000L);
        assertThat(Curve.SESSIONS.steps(2_500)).containsExactly(1L, 10L, 100L, 1_000L, 2_500L);
        assertThat(Curve.LEVELS.steps(20)).containsExactly(3L, 4L, 8L, 16L, 20L);
        assertThat(Curve.CONNECTIONS.steps(18_000)).containsExactly(1L, 10L, 100L, 1_000L, 2_000L, 10_000L, 18_000L);
        assertThat(Curve.SUBSCRIBERS.steps(1)).containsExactly(1L);
        assertThatThrownBy(() -> Curve.LEVELS.steps(2)).hasMessageContaining("levels begin with 3");
        assertThatThrownBy(() -> Curve.parse("messages")).hasMessageContaining("subscribers, connections, sessions");
    }

    private static Document parsed(String svg) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newNSInstance();
        factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
        return factory.newDocumentBuilder().parse(new InputSource(new StringReader(svg)));
    }

    private static List<Element> elementsOf(Document picture, String tag, String kind) {
        NodeList all = picture.getElementsByTagName(tag);
        return IntStream.range(0, all.getLength())
                .mapToObj(i -> (Element) all.item(i))
                .filter(each -> each.getAttribute("class").startsWith(kind + " "))
                .toList();
    }

    private static List<String> texts(Document picture) {
        NodeList all = picture.getElementsByTagName("text");
        return IntStream.range(0, all.getLength())
                .mapToObj(i -> all.item(i).getTextContent())
                .toList();
    }
}
