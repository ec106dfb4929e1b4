// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A broker that is measured.
///
/// @param pid 0 if unknown: its CPU is not told then
/// @param arguments that the generator needs to reach it, beside its port
record Peer(String name, int port, long pid, List<String> arguments) {
    private static final Pattern FORM = Pattern.compile("([^=,\\s]+)=(\\d{1,5})(?:,(\\d{1,10}))?");

    Peer {
        arguments = List.copyOf(arguments);
    }

    /// Reads `name=port` or `name=port,pid`.
    static Peer parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches() || Integer.parseInt(matcher.group(2)) > 65_535) {
            throw new IllegalArgumentException("'" + text + "' is not NAME=PORT or NAME=PORT,PID");
        }
        long pid = matcher.group(3) == null ? 0 : Long.parseLong(matcher.group(3));
        return new Peer(matcher.group(1), Integer.parseInt(matcher.group(2)), pid, List.of());
    }

    boolean usesTls() {
        return arguments.contains("--tls");
    }
}
