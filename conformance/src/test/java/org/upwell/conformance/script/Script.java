// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance.script;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// One case of a script file: who sends what and what has to come back. A case begins with `== name @versions
/// [tags]`, further tags on lines of their own; then, if any, `limits name=value …` and `pending` with the reason
/// why the broker does not pass it yet, and the steps of [ScriptRun]. `-- ` begins a comment.
///
/// @param pending why the broker does not pass it yet; empty for none
/// @param limits limits of the broker that are not the usual ones
/// @param line of its header in the file
record Script(
        String file,
        String name,
        List<WireVersion> versions,
        Map<String, Integer> limits,
        List<String> pending,
        List<Step> steps,
        int line) {

    private static final Pattern HEADER = Pattern.compile("== (\\S+) @(\\S+)((?: \\[MQTT3?-[0-9.]+-\\d+])*)");
    private static final Pattern REPEAT = Pattern.compile("REPEAT (\\d+): (.*)");
    private static final Pattern WORD = Pattern.compile("(?:\"[^\"]*\"|'[^']*'|[^\\s\"'])+");

    /// One line: a connection, a verb, and its words.
    record Step(String connection, String verb, List<String> words, int line) {

        @Override
        public String toString() {
            return "line " + line + ": " + connection + " " + verb + " " + String.join(" ", words);
        }
    }

    static List<Script> parse(String file, String text) {
        List<Script> scripts = new ArrayList<>();
        int number = 0;
        for (String whole : text.lines().toList()) {
            number++;
            int comment = whole.indexOf("-- ");
            String line = (comment < 0 ? whole : whole.substring(0, comment)).strip();
            boolean isTags = line.startsWith("[");
            if (line.isEmpty() || isTags) {
                continue;
            }
            if (line.startsWith("== ")) {
                Matcher header = HEADER.matcher(line);
                if (!header.matches()) {
                    throw new IllegalArgumentException(file + " line " + number + ": no header: " + line);
                }
                scripts.add(new Script(
                        file,
                        header.group(1),
                        WireVersion.parse(header.group(2)),
                        new TreeMap<>(),
                        new ArrayList<>(),
                        new ArrayList<>(),
                        number));
            } else if (scripts.isEmpty()) {
                throw new IllegalArgumentException(file + " line " + number + ": before the first header");
            } else {
                scripts.getLast().addRepeated(line, number);
            }
        }
        return scripts;
    }

    /// `REPEAT 20: step` is the step 20 times, with the count for `%`.
    private void addRepeated(String line, int number) {
        Matcher repeat = REPEAT.matcher(line);
        if (!repeat.matches()) {
            add(words(line), number);
            return;
        }
        for (int i = 1; i <= Integer.parseInt(repeat.group(1)); i++) {
            add(words(repeat.group(2).replace("%", Integer.toString(i))), number);
        }
    }

    private static List<String> words(String line) {
        List<String> words = new ArrayList<>();
        Matcher matcher = WORD.matcher(line);
        while (matcher.find()) {
            words.add(matcher.group());
        }
        return words;
    }

    private void add(List<String> words, int number) {
        if (words.getFirst().equals("limits")) {
            for (String limit : words.subList(1, words.size())) {
                String[] pair = limit.split("=", 2);
                limits.put(pair[0], Integer.valueOf(pair[1]));
            }
            return;
        }
        if (words.getFirst().equals("pending")) {
            pending.add(String.join(" ", words.subList(1, words.size())));
            return;
        }
        if (words.size() < 2) {
            throw new IllegalArgumentException(file + " line " + number + ": no step");
        }
        steps.add(new Step(words.get(0), words.get(1), List.copyOf(words.subList(2, words.size())), number));
    }
}
