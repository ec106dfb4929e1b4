// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.demo;

import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// What a demo tells its user: where everything is, who may log in, and commands to copy that work as they stand.
record Guide(
        InetSocketAddress mqtts,
        InetSocketAddress mqtt,
        InetSocketAddress https,
        InetSocketAddress http,
        InetSocketAddress coap,
        InetSocketAddress field,
        Path ca) {

    private static final String READING = "/snsr/arduino/temp?sens";

    void print(List<DemoTenant> tenants, PrintWriter out) {
        out.println();
        out.println("Endpoints");
        out.println("  MQTT over TLS   ssl://" + at(mqtts) + "    CA: " + ca);
        out.println("  MQTT            tcp://" + at(mqtt));
        out.println("  HTTPS           https://" + at(https) + "    tokens, REST, /health/ready, /metrics");
        out.println("  HTTP            http://" + at(http));
        out.println("  CoAP            coap://" + at(coap) + "    for applications");
        out.println("  CoAP, field     coap://" + at(field) + "    for devices");
        out.println();
        out.println("Logins");
        for (DemoTenant tenant : tenants) {
            out.println("  " + tenant.id() + "    client ID " + tenant.client().clientId() + "    secret "
                    + tenant.client().clientSecret() + "    " + tenant.macs().size() + " devices, "
                    + tenant.macs().getFirst() + " the first");
        }
        out.println();
        printCommands(tenants.getFirst(), out);
        out.flush();
    }

    private void printCommands(DemoTenant tenant, PrintWriter out) {
        String device = "coap://SSN" + tenant.macs().getFirst() + ".demo:4849" + READING;
        String coapClient = coapClient();
        out.println("Commands to copy, for tenant " + tenant.id() + "; the token lives an hour");
        out.println("  CA=" + quoted(ca.toString()));
        out.println("  TOKEN=$(curl -sS --cacert \"$CA\" -H 'Content-Type: application/json' -d '{\"clientId\":\""
                + tenant.client().clientId() + "\",\"clientSecret\":\""
                + tenant.client().clientSecret() + "\"}' https://" + at(https)
                + "/api/tokens | sed 's/.*\"accessToken\":\"\\([^\"]*\\)\".*/\\1/')");
        out.println("  mosquitto_sub --cafile \"$CA\" -h " + host(mqtts) + " -p " + mqtts.getPort()
                + " -u token -P \"$TOKEN\" -t '" + tenant.id() + "/read/#' -F '%t %x'");
        out.println("  " + coapClient + " -m post -p 6000 -e \"$TOKEN\" coap://" + at(coap) + "/sessions");
        out.println("  " + coapClient + " -m get -p 6000 -P coap://" + at(coap) + " '" + device + "' | od -c");
        out.println("  " + coapClient + " -m delete -p 6000 coap://" + at(coap) + "/sessions");
        out.println("  ./upwell sub --url ssl://" + at(mqtts) + " --ca \"$CA\" --token \"$TOKEN\" --cbor '"
                + tenant.id() + "/read/#'");
        out.println("  ./upwell get --gateway " + at(coap) + " --token \"$TOKEN\" '" + device + "'");
        out.println();
    }

    /// As a POSIX shell reads it: one word, and nothing in it means anything.
    static String quoted(String text) {
        return text.matches("[A-Za-z0-9_./:-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
    }

    /// Distributions give libcoap's client a name with its TLS library at the end; any of them will do.
    private static String coapClient() {
        List<String> names = List.of("coap-client", "coap-client-openssl", "coap-client-gnutls", "coap-client-notls");
        String path = System.getenv().getOrDefault("PATH", "");
        return names.stream()
                .filter(name -> Stream.of(path.split(":", -1))
                        .anyMatch(directory -> !directory.isEmpty()
                                && Files.isExecutable(Path.of(directory).resolve(name))))
                .findFirst()
                .orElse("coap-client");
    }

    private static String at(InetSocketAddress address) {
        return host(address) + ":" + address.getPort();
    }

    private static String host(InetSocketAddress address) {
        return address.getAddress().getHostAddress();
    }
}
