// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// While open, SIGTERM and SIGINT close something in order and then end the process: a signal obeyed is success, so
/// the exit code is 0 and not Java's 143 or 130.
final class SignalHook implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SignalHook.class);

    private final Thread hook;

    private SignalHook(Thread hook) {
        this.hook = hook;
    }

    static SignalHook closing(AutoCloseable running) {
        Thread hook = new Thread(
                () -> {
                    try {
                        running.close();
                    } catch (Exception e) {
                        log.warn("Not everything was closed in order", e);
                    }
                    Runtime.getRuntime().halt(CommandLineTool.DONE);
                },
                "stop");
        Runtime.getRuntime().addShutdownHook(hook);
        return new SignalHook(hook);
    }

    /// From here on signals do what they do to every process.
    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // A signal came at the same moment; the hook closes.
            log.debug("Stopping already", e);
        }
    }
}
