// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.util.concurrent.Callable;
import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.coap.Response;
import org.upwell.app.payload.PayloadText;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Reads from a device through the gateway.
@Command(name = "get", description = "Read a resource of a device through the gateway")
final class GetCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private CommandSpec spec;

    @Mixin
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private GatewayOptions gateway;

    @Option(names = "--hex", description = "Print the payload's bytes as they are, in hex")
    private boolean hex;

    @Parameters(paramLabel = "URI", description = "e.g. coap://SSN<MAC>.<domain>:4849/snsr/arduino/temp?sens")
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private String uri;

    @Override
    public Integer call() {
        String checked = DeviceUri.check(spec, uri);
        try (CoapSession session = gateway.open()) {
            Response response = session.exchange(session.proxied(CoAP.Code.GET, checked));
            if (!response.isSuccess()) {
                throw new CommandFailure(CoapSession.describe(response));
            }
            byte[] payload = response.getPayload();
            spec.commandLine().getOut().println(hex ? PayloadText.hex(payload) : PayloadText.decoded(payload));
            return CommandLineTool.DONE;
        }
    }
}
