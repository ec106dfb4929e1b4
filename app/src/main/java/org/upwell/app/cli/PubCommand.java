// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.upwell.app.config.PlainCause;
import org.upwell.client.MqttClient;
import org.upwell.codec.Properties;
import org.upwell.codec.ReasonCode;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Publishes one message.
@Command(name = "pub", description = "Publish a message")
final class PubCommand implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private CommandSpec spec;

    @Mixin
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private MqttOptions mqtt;

    @Option(names = "--retain", description = "Let the broker keep it for later subscribers")
    private boolean retain;

    @ArgGroup
    private @Nullable Message message;

    /// One or the other; none is an empty message.
    static final class Message {
        @Option(names = "--message", paramLabel = "TEXT", required = true, description = "The message")
        private @Nullable String text;

        @Option(names = "--file", paramLabel = "FILE", required = true, description = "A file that is the message")
        private @Nullable Path file;
    }

    @Parameters(paramLabel = "TOPIC", description = "The topic, e.g. <tenant>/app/hello")
    @SuppressWarnings("NullAway.Init") // required
    private String topic;

    @Override
    public Integer call() {
        byte[] payload = payload();
        try (MqttClient client = new MqttClient(mqtt.client().build())) {
            MqttOptions.connect(client);
            ReasonCode reason =
                    MqttOptions.await(client.publish(topic, payload, mqtt.qos(), retain, Properties.NONE), PATIENCE);
            if (reason == ReasonCode.NO_MATCHING_SUBSCRIBERS) {
                spec.commandLine().getErr().println("published, to no subscriber");
            }
            return CommandLineTool.DONE;
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    private byte[] payload() {
        if (message == null) {
            return new byte[0];
        }
        if (message.text != null) {
            return message.text.getBytes(StandardCharsets.UTF_8);
        }
        try {
            return Files.readAllBytes(Objects.requireNonNull(message.file));
        } catch (IOException e) {
            throw new CommandFailure(PlainCause.of(e), e);
        }
    }
}
