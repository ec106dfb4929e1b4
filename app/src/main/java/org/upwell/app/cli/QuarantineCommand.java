// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import org.upwell.app.payload.PayloadText;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/// Messages of devices that belong to nobody, at a running server's gateway.
@Command(name = "quarantine", description = "Look at messages of devices that belong to nobody; discard them")
final class QuarantineCommand implements Runnable {
    private static final String PATH = "/api/admin/quarantine";

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before run
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Name what to do: list, show or discard");
    }

    @Command(name = "list", description = "List devices: MAC, messages, bytes of payload, when the oldest came")
    void list(@Mixin RestService server) {
        for (JsonNode device : server.get(PATH).path("devices")) {
            print(text(device, "mac") + "\t" + device.path("messages").asInt() + " messages\t"
                    + device.path("payloadBytes").asLong() + " bytes\t" + text(device, "oldest"));
        }
    }

    @Command(name = "show", description = "List a device's messages: when, read or alert, sensor, boot, number, bytes")
    void show(@Mixin RestService server, @Parameters(paramLabel = "MAC", description = "Which device") String mac) {
        for (JsonNode message :
                server.get(PATH + "/" + RestService.encoded(mac)).path("messages")) {
            print(text(message, "received") + "\t" + text(message, "kind") + "\t" + text(message, "sensorUri")
                    + "\tboot "
                    + message.path("boot").asLong() + "\tnumber "
                    + message.path("sequence").asLong() + "\t"
                    + message.path("payloadBytes").asInt() + " bytes");
        }
    }

    @Command(name = "discard", description = "Drop a device's messages")
    void discard(@Mixin RestService server, @Parameters(paramLabel = "MAC", description = "Which device") String mac) {
        JsonNode answer = server.delete(PATH + "/" + RestService.encoded(mac));
        print("discarded " + answer.path("discarded").asInt() + " messages");
    }

    private static String text(JsonNode object, String field) {
        return PayloadText.printable(object.path(field).asString(""));
    }

    private void print(String line) {
        spec.commandLine().getOut().println(line);
    }
}
