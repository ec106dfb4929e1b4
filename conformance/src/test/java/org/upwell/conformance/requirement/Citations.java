// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance.requirement;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Where in the sources of all modules statements are cited. A test cites what it covers; main code cites what it
/// obeys, which covers nothing.
final class Citations {

    private static final Pattern TAG = Pattern.compile("\\[(MQTT3?-\\d+(?:\\.\\d+)*-\\d+)]");
    private static final Pattern CASE = Pattern.compile("== (\\S+).*");
    private static final String SCRIPT = ".script";

    private final SortedMap<String, SortedSet<String>> tests = new TreeMap<>();
    private final SortedMap<String, SortedSet<String>> all = new TreeMap<>();

    private Citations() {}

    static Citations scan(Path root) throws IOException {
        Citations citations = new Citations();
        try (Stream<Path> modules = Files.list(root)) {
            for (Path module : modules.filter(directory -> Files.exists(directory.resolve("pom.xml")))
                    .sorted()
                    .toList()) {
                citations.scan(module.resolve("src/main"), false);
                citations.scan(module.resolve("src/test"), true);
            }
        }
        return citations;
    }

    private void scan(Path sources, boolean areTests) throws IOException {
        if (!Files.isDirectory(sources)) {
            return;
        }
        try (Stream<Path> files = Files.walk(sources)) {
            for (Path file : files.filter(Citations::isSource).sorted().toList()) {
                scanFile(file, areTests);
            }
        }
    }

    private static boolean isSource(Path file) {
        String name = file.getFileName().toString();
        return name.endsWith(".java") || name.endsWith(SCRIPT);
    }

    private void scanFile(Path file, boolean isTest) throws IOException {
        String fileName = file.getFileName().toString();
        String plainName = fileName.substring(0, fileName.lastIndexOf('.'));
        String place = plainName;
        List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
        for (String line : lines) {
            Matcher header = CASE.matcher(line);
            if (fileName.endsWith(SCRIPT) && header.matches()) {
                place = plainName + "#" + header.group(1);
            }
            Matcher tag = TAG.matcher(line);
            while (tag.find()) {
                put(all, tag.group(1), file.toString());
                if (isTest) {
                    put(tests, tag.group(1), place);
                }
            }
        }
    }

    private static void put(Map<String, SortedSet<String>> map, String id, String place) {
        map.computeIfAbsent(id, key -> new TreeSet<>()).add(place);
    }

    /// The tests that cite a statement: class names, and `file#case` of conformance scripts.
    SortedSet<String> testsOf(String id) {
        return tests.getOrDefault(id, Collections.emptySortedSet());
    }

    /// All that is cited anywhere, with the files.
    SortedMap<String, SortedSet<String>> cited() {
        return all;
    }
}
