// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.upwell.app.process.LastingPorts;

/// An Upwell installation in a directory of its own with free ports: configuration files, tenants, devices and
/// users, all made by the commands that an operator has.
final class Installation {

    static final String READY = "upwell ready";

    /// A tenant with its client's credentials.
    record Tenant(String id, String clientId, String clientSecret) {}

    final Path directory;
    final Path data;
    final int tcpPort = LastingPorts.tcp();
    final int tlsPort = LastingPorts.tcp();
    final int httpPort = LastingPorts.tcp();
    final int httpsPort = LastingPorts.tcp();
    final int coapPort = LastingPorts.udp();
    final int fieldPort = LastingPorts.udp();

    private final Map<String, Tenant> tenants = new HashMap<>();
    private String fieldBind = "127.0.0.1";
    private String fieldNetwork = "127.0.0.0/8";

    Installation(Path directory) throws IOException {
        this.directory = directory;
        this.data = directory.resolve("data");
        Files.createDirectories(data);
    }

    Path ca() {
        return data.resolve("tls/ca.pem");
    }

    InetSocketAddress fieldAddress() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), fieldPort);
    }

    /// Where gateways started from here on hear which devices.
    void hearDevices(String bind, String network) {
        fieldBind = bind;
        fieldNetwork = network;
    }

    String upwell(String... arguments) throws IOException, InterruptedException {
        return UpwellProcess.run(directory, arguments);
    }

    Tenant addTenant(String id) throws IOException, InterruptedException {
        String printed = upwell("tenant", "add", id, "--data-directory", data.toString());
        Tenant tenant = new Tenant(id, value(printed, "client-id"), value(printed, "client-secret"));
        tenants.put(id, tenant);
        return tenant;
    }

    Tenant tenant(String id) {
        Tenant tenant = tenants.get(id);
        if (tenant == null) {
            throw new IllegalArgumentException("no tenant " + id);
        }
        return tenant;
    }

    private static String value(String printed, String key) {
        return printed.lines()
                .filter(line -> line.startsWith(key + ": "))
                .map(line -> line.substring(key.length() + 2))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + key + " in:\n" + printed));
    }

    void addDevices(String tenant, List<String> macs) throws IOException, InterruptedException {
        for (String mac : macs) {
            upwell("device", "add", "--tenant", tenant, mac, "--data-directory", data.toString());
        }
    }

    Path addUser(String name, String password, String... roles) throws IOException, InterruptedException {
        Path file = Files.writeString(directory.resolve(name + ".password"), password + "\n");
        String[] arguments = new String[7 + 2 * roles.length];
        arguments[0] = "user";
        arguments[1] = "add";
        arguments[2] = name;
        arguments[3] = "--password-file";
        arguments[4] = file.toString();
        arguments[5] = "--data-directory";
        arguments[6] = data.toString();
        for (int i = 0; i < roles.length; i++) {
            arguments[7 + 2 * i] = "--role";
            arguments[8 + 2 * i] = roles[i];
        }
        upwell(arguments);
        return file;
    }

    /// The server alone, or with the gateway in its process.
    UpwellProcess startServer(boolean withGateway) throws IOException, InterruptedException {
        Path config = Files.writeString(
                directory.resolve("server.yaml"),
                """
                data-directory: $data
                durability: sync
                store: {segment-size: 4MB}
                mqtt:
                  listeners:
                    - {name: tcp, type: tcp, bind: 127.0.0.1, port: $tcp}
                    - {name: tls, type: tls, bind: 127.0.0.1, port: $tls}
                http: {bind: 127.0.0.1, port: $http:}
                https: {bind: 127.0.0.1, port: $https:}
                """.replace("$data", data.toString())
                                .replace("$tcp", Integer.toString(tcpPort))
                                .replace("$tls", Integer.toString(tlsPort))
                                .replace("$http:", Integer.toString(httpPort))
                                .replace("$https:", Integer.toString(httpsPort))
                        + (withGateway ? gatewaySection("") : ""));
        return UpwellProcess.start(directory, READY, "server", "--config", config.toString())
                .awaitReady();
    }

    /// A server that has what MQTT needs and no more. Clients without credentials are the application of tenant
    /// `acme`.
    UpwellProcess startLean(String durability) throws IOException, InterruptedException {
        List<String> options = Files.exists(startUpCache())
                ? List.of("-XX:+UseSerialGC", "-XX:AOTCache=" + startUpCache())
                : List.of("-XX:+UseSerialGC");
        return startLean(durability, options, "").awaitReady();
    }

    /// The same with a second listener, whose clients have one more role.
    ///
    /// @param roles what `roles.yaml` says under `roles:`, each line two spaces in
    UpwellProcess startLeanWithRole(String roles, String role, int port) throws IOException, InterruptedException {
        Path access = Files.createDirectories(data.resolve("access"));
        Files.writeString(access.resolve("roles.yaml"), "roles:\n" + roles);
        return startLean("sync", List.of("-XX:+UseSerialGC"), anonymous("more", port, "APPLICATION, " + role))
                .awaitReady();
    }

    private static String anonymous(String name, int port, String roles) {
        return """
                    - name: $name
                      type: tcp
                      bind: 127.0.0.1
                      port: $port
                      anonymous: {tenant: acme, roles: [$roles]}
                """.replace("$name", name)
                .replace("$port", Integer.toString(port))
                .replace("$roles", roles);
    }

    private UpwellProcess startLean(String durability, List<String> options, String moreListeners) throws IOException {
        Path config = Files.writeString(
                directory.resolve("lean.yaml"),
                """
                data-directory: $data
                durability: $durability
                store: {segment-size: 1MB}
                http: {bind: 127.0.0.1, port: $http:}
                https: {bind: 127.0.0.1, port: $https:}
                mqtt:
                  rehearsal: false
                  listeners:
                """.replace("$data", data.toString())
                                .replace("$durability", durability)
                                .replace("$http:", Integer.toString(httpPort))
                                .replace("$https:", Integer.toString(httpsPort))
                        + anonymous("tcp", tcpPort, "APPLICATION")
                        + moreListeners);
        return UpwellProcess.start(directory, READY, options, "server", "--config", config.toString());
    }

    private Path startUpCache() {
        return directory.resolve("start-up.aot");
    }

    /// Makes later starts of [#startLean] quicker: for those who start often.
    void trainStartUp(String durability) throws IOException, InterruptedException {
        if (UpwellProcess.isPackaged()) {
            // Serial can use what only G1 can write.
            List<String> options = List.of("-XX:+UseG1GC", "-XX:AOTCacheOutput=" + startUpCache());
            try (UpwellProcess trained = startLean(durability, options, "")) {
                trained.awaitReady().terminate(180);
            }
        }
    }

    /// A gateway in a process of its own.
    UpwellProcess startGateway(String user, Path passwordFile) throws IOException, InterruptedException {
        return startGateway(user, passwordFile, "");
    }

    /// The same with more lines of the gateway's section, each two spaces in.
    UpwellProcess startGateway(String user, Path passwordFile, String more) throws IOException, InterruptedException {
        String broker = "  broker: {url: 'ssl://localhost:" + tlsPort + "', username: " + user + ", password-file: "
                + passwordFile + ", ca: " + ca() + "}\n" + more;
        Path config = Files.writeString(
                directory.resolve("gateway.yaml"), "data-directory: " + data + "\n" + gatewaySection(broker));
        return UpwellProcess.start(directory, READY, "gateway", "--config", config.toString())
                .awaitReady();
    }

    private String gatewaySection(String broker) {
        return """
                gateway:
                  coap: {bind: 127.0.0.1, port: $coap}
                  field: {bind: '$bind', port: $field, networks: ['$network']}
                """.replace("$coap", Integer.toString(coapPort))
                        .replace("$field", Integer.toString(fieldPort))
                        .replace("$bind", fieldBind)
                        .replace("$network", fieldNetwork)
                + broker;
    }
}
