// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// While open, SIGTERM and SIGINT end what runs in order, and then the process, with an exit code that says how it
/// went: for what serves until it is told to stop, a signal obeyed is success, 0 and not Java's 143 or 130.
final class SignalHook implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SignalHook.class);

    private final Thread hook;

    private SignalHook(Thread hook) {
        this.hook = hook;
    }

    /// For what has no end but a signal.
    static SignalHook closing(AutoCloseable running) {
        return calling(() -> {
            running.close();
            return CommandLineTool.DONE;
        });
    }

    /// For what a signal cuts short: the exit code is that of the signal.
    static SignalHook abandoning(AutoCloseable running) {
        return calling(() -> {
            running.close();
            return null;
        });
    }

    /// @param end called on a thread of its own when a signal comes; returns the exit code, null for the signal's
    ///     own
    static SignalHook calling(Callable<@Nullable Integer> end) {
        Thread hook = new Thread(() -> run(end), "stop");
        Runtime.getRuntime().addShutdownHook(hook);
        return new SignalHook(hook);
    }

    private static void run(Callable<@Nullable Integer> end) {
        Integer exitCode = CommandLineTool.FAILED;
        try {
            exitCode = end.call();
        } catch (Exception e) {
            log.warn("Not everything was closed in order", e);
        }
        if (exitCode != null) {
            Runtime.getRuntime().halt(exitCode);
        }
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
