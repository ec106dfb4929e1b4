// SPDX-License-Identifier: Apache-2.0
package org.upwell.app;

import org.upwell.app.cli.CommandLineTool;
import org.upwell.app.cli.Terminal;

/// The program. `./upwell` starts it.
public final class Upwell {
    private Upwell() {}

    public static void main(String[] arguments) {
        System.exit(CommandLineTool.run(Terminal.standard(), arguments));
    }
}
