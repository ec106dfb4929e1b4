// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.upwell.app.payload.PayloadText;
import org.upwell.client.ClientOptions;
import org.upwell.client.ConnectionListener;
import org.upwell.client.MessageListener;
import org.upwell.client.MqttClient;
import org.upwell.client.MqttException;
import org.upwell.codec.Properties;
import org.upwell.codec.Publish;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.SubAck;
import org.upwell.codec.Subscribe;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Subscribes and prints what arrives. Each message is printed on the client's event loop, before it is
/// acknowledged, so that a slow pipe slows the broker down and nothing is acknowledged that was not printed.
@Command(name = "sub", description = "Subscribe, and print the topic and payload of each message")
final class SubCommand implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private CommandSpec spec;

    @Mixin
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private MqttOptions mqtt;

    @Option(names = "--cbor", description = "Decode readings of sensors: type and data instead of bytes")
    private boolean cbor;

    @Option(
            names = "--count",
            paramLabel = "N",
            converter = CountConverter.class,
            description = "End after N messages (default: go on)")
    private @Nullable Long count;

    @Option(names = "--for", paramLabel = "TIME", description = "End after this time (default: go on)")
    private @Nullable Duration length;

    @Option(
            names = "--session",
            paramLabel = "TIME",
            description = "Keep the session, and what it misses, this long after the end; needs --client-id")
    private @Nullable Duration session;

    @Parameters(paramLabel = "FILTER", arity = "1..*", description = "Topic filters, e.g. <tenant>/read/#")
    @SuppressWarnings("NullAway.Init") // required
    private List<String> filters;

    @Override
    public Integer call() {
        Lifetime lifetime = new Lifetime();
        PrintWriter out = spec.commandLine().getOut();
        AtomicBoolean subscribed = new AtomicBoolean();
        AtomicLong left = new AtomicLong(count == null ? Long.MAX_VALUE : count);
        ClientOptions.Builder options = mqtt.client()
                .messageListener(MessageListener.of(message -> {
                    if (left.getAndDecrement() > 0) {
                        out.println(describe(message));
                    }
                    if (left.get() <= 0) {
                        lifetime.end(CommandLineTool.DONE);
                    }
                }))
                .connectionListener(new ConnectionListener() {
                    @Override
                    public void onDisconnected(MqttException cause, @Nullable Duration retryIn) {
                        if (subscribed.get() && cause.kind() != MqttException.Kind.CLOSED) {
                            spec.commandLine().getErr().println("upwell: disconnected: " + cause.getMessage());
                        }
                        lifetime.end(CommandLineTool.FAILED);
                    }
                });
        if (session != null) {
            options.cleanStart(false).sessionExpiry(session);
        }
        MqttClient client = new MqttClient(options.build());
        try {
            MqttOptions.connect(client);
            subscribe(client);
            subscribed.set(true);
        } catch (RuntimeException e) {
            client.close();
            throw e;
        }
        return lifetime.await(client, length);
    }

    private void subscribe(MqttClient client) {
        List<Subscribe.Request> requests = filters.stream()
                .map(filter -> new Subscribe.Request(filter, mqtt.qos()))
                .toList();
        SubAck answer = MqttOptions.await(client.subscribe(requests, Properties.NONE), PATIENCE);
        for (int i = 0; i < filters.size(); i++) {
            ReasonCode reason = answer.reasons().get(i);
            if (reason.isError()) {
                throw new CommandFailure("the broker refused '" + filters.get(i) + "': " + reason);
            }
        }
    }

    private String describe(Publish message) {
        String payload = cbor ? PayloadText.decoded(message.payload()) : PayloadText.plain(message.payload());
        return PayloadText.printable(message.topic()) + " " + payload;
    }
}
