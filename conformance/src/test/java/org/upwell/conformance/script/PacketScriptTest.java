// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance.script;

import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Plays all scripts of `src/test/resources/scripts`, each case in each of its versions against each store, with a
/// broker of its own. `-Dscript=publish` plays one file, `-Dscript=publish#qos-0` one case.
class PacketScriptTest {

    private static final String ONLY = System.getProperty("script", "");

    /// Stopping a broker takes longer than a script; the next one need not wait for it.
    private static final ExecutorService CLOSING = Executors.newVirtualThreadPerTaskExecutor();

    /// Classes are loaded and the first event loop made before the time of a case counts.
    @BeforeAll
    static void startOnce() throws IOException {
        new BrokerUnderTest(StoreUnderTest.MEMORY, java.util.Map.of()).close();
    }

    @AfterAll
    static void awaitClosed() throws InterruptedException {
        CLOSING.shutdown();
        if (!CLOSING.awaitTermination(20, TimeUnit.SECONDS)) {
            throw new AssertionError("brokers do not stop");
        }
    }

    @TestFactory
    Stream<DynamicContainer> scripts() throws IOException, URISyntaxException {
        List<Script> scripts = new ArrayList<>();
        try (Stream<Path> files = Files.list(directory())) {
            for (Path file : files.filter(each -> each.toString().endsWith(".script"))
                    .sorted()
                    .toList()) {
                String name = file.getFileName().toString().replace(".script", "");
                scripts.addAll(Script.parse(name, Files.readString(file)));
            }
        }
        return Stream.of(StoreUnderTest.values())
                .map(store -> dynamicContainer(
                        store.name(),
                        scripts.stream()
                                .filter(PacketScriptTest::isChosen)
                                .flatMap(script ->
                                        script.versions().stream().map(version -> test(script, version, store)))));
    }

    private static Path directory() throws URISyntaxException {
        URL directory = PacketScriptTest.class.getResource("/scripts");
        if (directory == null) {
            throw new AssertionError("no scripts");
        }
        return Path.of(directory.toURI());
    }

    private static boolean isChosen(Script script) {
        return ONLY.isEmpty() || ONLY.equals(script.file()) || ONLY.equals(script.file() + "#" + script.name());
    }

    private static DynamicTest test(Script script, WireVersion version, StoreUnderTest store) {
        URI source = URI.create("classpath:/scripts/" + script.file() + ".script?line=" + script.line());
        return dynamicTest(script.file() + "#" + script.name() + " (" + version + ")", source, () -> {
            assumeTrue(script.pending().isEmpty(), () -> String.join(" ", script.pending()));
            BrokerUnderTest broker = new BrokerUnderTest(store, script.limits());
            try (ScriptRun run = new ScriptRun(broker, version)) {
                run.play(script);
            } catch (IOException e) {
                throw new UncheckedIOException(script.file() + "#" + script.name(), e);
            } finally {
                CLOSING.execute(broker::close);
            }
        });
    }
}
