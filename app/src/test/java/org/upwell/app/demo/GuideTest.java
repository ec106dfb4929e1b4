// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.upwell.access.registry.IssuedClient;

class GuideTest {
    /// The shell itself says whether a path survives being copied.
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void pathsAreQuotedForTheShell() throws Exception {
        String path = "/srv/o'hara & sons/$HOME dir/ca.pem";
        String text = guide(path);
        String assignment = text.lines()
                .map(String::strip)
                .filter(line -> line.startsWith("CA="))
                .findFirst()
                .orElseThrow();
        Process shell = new ProcessBuilder("sh", "-c", assignment + "; printf '%s|' \"$CA\"")
                .redirectErrorStream(true)
                .start();

        assertThat(new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo(path + "|");
        assertThat(text.lines().filter(line -> line.contains("$CA")))
                .isNotEmpty()
                .allSatisfy(line -> assertThat(line.replace("\"$CA\"", "")).doesNotContain("$CA"));
    }

    @Test
    void plainPathsAreLeftAlone() {
        assertThat(guide("/tmp/upwell-demo-1/tls/ca.pem")).contains("  CA=/tmp/upwell-demo-1/tls/ca.pem\n");
    }

    private static String guide(String ca) {
        InetSocketAddress anywhere = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
        StringWriter text = new StringWriter();
        new Guide(anywhere, anywhere, anywhere, anywhere, anywhere, anywhere, Path.of(ca))
                .print(
                        List.of(new DemoTenant(
                                "demo1", new IssuedClient("c-1", "secret", Set.of()), List.of("0013500500000001"))),
                        new PrintWriter(text, true));
        return text.toString();
    }
}
