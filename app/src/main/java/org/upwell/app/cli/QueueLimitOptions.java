// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import org.jspecify.annotations.Nullable;
import org.upwell.broker.store.SessionRecord.QueueLimit;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// How much a queue may hold: both bounds, or neither.
final class QueueLimitOptions {
    @Option(names = "--queue-messages", paramLabel = "N", description = "Most messages of a client's queue")
    private @Nullable Integer messages;

    @Option(names = "--queue-bytes", paramLabel = "N", description = "Most bytes of a client's queue")
    private @Nullable Long bytes;

    @Nullable
    QueueLimit limit(CommandSpec command) {
        if (messages == null && bytes == null) {
            return null;
        }
        if (messages == null || bytes == null || messages < 1 || bytes < 1) {
            throw new ParameterException(
                    command.commandLine(), "--queue-messages and --queue-bytes come together and are at least 1");
        }
        return new QueueLimit(messages, bytes);
    }
}
