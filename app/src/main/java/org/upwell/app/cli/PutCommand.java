// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.util.concurrent.Callable;
import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Writes to a device through the gateway.
@Command(name = "put", description = "Write a resource of a device through the gateway")
final class PutCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private CommandSpec spec;

    @Mixin
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private GatewayOptions gateway;

    @Option(names = "--payload", paramLabel = "TEXT", description = "Sent as the body (default: none)")
    private @Nullable String payload;

    @Parameters(paramLabel = "URI", description = "e.g. 'coap://SSN<MAC>.<domain>:4849/snsr/arduino/temp?cfg=C'")
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private String uri;

    @Override
    public Integer call() {
        String checked = DeviceUri.check(spec, uri);
        try (CoapSession session = gateway.open()) {
            Request request = session.proxied(CoAP.Code.PUT, checked);
            if (payload != null) {
                request.setPayload(payload);
            }
            Response response = session.exchange(request);
            if (!response.isSuccess()) {
                throw new CommandFailure(CoapSession.describe(response));
            }
            spec.commandLine().getOut().println(CoapSession.describe(response));
            return CommandLineTool.DONE;
        }
    }
}
