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
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.broker.store.InMemoryStore;

/// Plays all scripts of `src/test/resources/scripts`, each case in its versions against each store, with a broker
/// of its own. `-Dscript=publish` plays one file, `-Dscript=publish#qos-0` one case.
class PacketScriptTest {

    private static final String ONLY = System.getProperty("script", "");

    /// Stopping a broker takes longer than a script; the next one need not wait for it.
    private static final ExecutorService CLOSING = Executors.newVirtualThreadPerTaskExecutor();

    private static final AtomicInteger CASES = new AtomicInteger();

    /// Classes are loaded and the first event loop made before the time of a case counts.
    @BeforeAll
    static void startOnce() throws IOException {
        new BrokerUnderTest(new InMemoryStore(), Map.of()).close();
    }

    @AfterAll
    static void awaitClosed() throws InterruptedException {
        CLOSING.shutdown();
        if (!CLOSING.awaitTermination(20, TimeUnit.SECONDS)) {
            throw new AssertionError("brokers do not stop");
        }
    }

    @TempDir
    private static Path directory;

    @TestFactory
    Stream<DynamicContainer> scripts() throws IOException, URISyntaxException {
        List<Script> scripts = new ArrayList<>();
        try (Stream<Path> files = Files.list(scriptDirectory())) {
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
                                        store.versions(script).stream().map(version -> test(script, version, store)))));
    }

    private static Path scriptDirectory() throws URISyntaxException {
        URL scripts = PacketScriptTest.class.getResource("/scripts");
        if (scripts == null) {
            throw new AssertionError("no scripts");
        }
        return Path.of(scripts.toURI());
    }

    private static boolean isChosen(Script script) {
        return ONLY.isEmpty() || ONLY.equals(script.file()) || ONLY.equals(script.file() + "#" + script.name());
    }

    private DynamicTest test(Script script, WireVersion version, StoreUnderTest store) {
        URI source = URI.create("classpath:/scripts/" + script.file() + ".script?line=" + script.line());
        return dynamicTest(script.file() + "#" + script.name() + " (" + version + ")", source, () -> {
            assumeTrue(script.pending().isEmpty(), () -> String.join(" ", script.pending()));
            Path files = Files.createDirectory(directory.resolve(Integer.toString(CASES.incrementAndGet())));
            BrokerUnderTest broker = new BrokerUnderTest(store.open(files), script.limits());
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
