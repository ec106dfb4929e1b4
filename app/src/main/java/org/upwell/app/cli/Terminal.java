// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.PrintWriter;

/// Where commands write: results to `out`, and what is not a result to `err`, so that a pipe gets results only. The
/// one place that touches the process's own streams; tests give writers of their own.
public record Terminal(PrintWriter out, PrintWriter err) {

    @SuppressForbidden(reason = "a command's result belongs on standard output; nothing else writes there")
    public static Terminal standard() {
        return new Terminal(
                new PrintWriter(System.out, true, System.out.charset()),
                new PrintWriter(System.err, true, System.err.charset()));
    }
}
