// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.eclipse.californium.core.CoapHandler;
import org.eclipse.californium.core.CoapResponse;
import org.eclipse.californium.core.coap.Response;
import org.jspecify.annotations.Nullable;
import org.upwell.app.payload.PayloadText;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Observes a device's resource through the gateway and prints each notification.
@Command(name = "observe", description = "Observe a resource of a device through the gateway")
final class ObserveCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private CommandSpec spec;

    @Mixin
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private GatewayOptions gateway;

    @Option(
            names = "--count",
            paramLabel = "N",
            converter = CountConverter.class,
            description = "End after N notifications (default: go on)")
    private @Nullable Long count;

    @Option(names = "--for", paramLabel = "TIME", description = "End after this time (default: go on)")
    private @Nullable Duration length;

    @Parameters(paramLabel = "URI", description = "e.g. coap://SSN<MAC>.<domain>:4849/snsr/arduino/temp?sens")
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private String uri;

    /// Either a response or the end of all responses.
    private sealed interface Event {
        record Came(Response response) implements Event {}

        record Broke() implements Event {}
    }

    @Override
    public Integer call() throws InterruptedException {
        String checked = DeviceUri.check(spec, uri);
        BlockingQueue<Event> events = new LinkedBlockingQueue<>();
        try (CoapSession session = gateway.open(SignalHook::closing)) {
            session.observe(checked, new CoapHandler() {
                @Override
                public void onLoad(CoapResponse response) {
                    events.add(new Event.Came(response.advanced()));
                }

                @Override
                public void onError() {
                    events.add(new Event.Broke());
                }
            });
            follow(events);
            return CommandLineTool.DONE;
        }
    }

    private void follow(BlockingQueue<Event> events) throws InterruptedException {
        long end = length == null ? Long.MAX_VALUE : System.nanoTime() + length.toNanos();
        long left = count == null ? Long.MAX_VALUE : count;
        while (left > 0) {
            long wait = length == null ? Long.MAX_VALUE : end - System.nanoTime();
            Event event = events.poll(wait, TimeUnit.NANOSECONDS);
            switch (event) {
                case null -> {
                    return;
                }
                case Event.Broke() -> throw new CommandFailure("the gateway stopped answering");
                case Event.Came(Response response) -> left -= show(response);
            }
        }
    }

    /// How many notifications that was: the answer to a registration may carry no value yet.
    private int show(Response response) {
        if (!response.isSuccess()) {
            throw new CommandFailure(CoapSession.describe(response));
        }
        if (!response.getOptions().hasObserve()) {
            throw new CommandFailure(
                    "the device does not let itself be observed here: " + CoapSession.describe(response));
        }
        if (response.getPayloadSize() == 0) {
            return 0;
        }
        spec.commandLine().getOut().println(PayloadText.decoded(response.getPayload()));
        return 1;
    }
}
