// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.PrintWriter;
import java.io.StringWriter;

/// A command that was run with its output caught.
record ToolRun(int exitCode, String out, String err) {

    static ToolRun of(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int exitCode =
                CommandLineTool.run(new Terminal(new PrintWriter(out, true), new PrintWriter(err, true)), arguments);
        return new ToolRun(exitCode, out.toString(), err.toString());
    }
}
