// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.demo;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import org.upwell.access.AccessEvents;
import org.upwell.access.login.Access;
import org.upwell.app.config.AccessConfig;
import org.upwell.app.config.BindAddress;
import org.upwell.app.config.FieldConfig;
import org.upwell.app.config.GatewayConfig;
import org.upwell.app.config.HttpConfig;
import org.upwell.app.config.HttpsConfig;
import org.upwell.app.config.ListenerConfig;
import org.upwell.app.server.GatewayLogin;
import org.upwell.app.server.Parts;
import org.upwell.app.tls.DevelopmentCertificates;
import org.upwell.codec.QoS;

/// The back office as the commands `server` and `gateway`, each a process of its own, so that either can be killed
/// while the other goes on. Both keep their ports over their restarts. Owned by one thread at a time: that which
/// starts it, then that which restarts, then that which closes.
final class TwoProcesses implements BackOffice {
    private record Ports(int tls, int tcp, int http, int https, int coap, int field) {
        static Ports choose(FreePorts free) throws IOException {
            return new Ports(
                    FreePorts.tcpOr(free.tcp(ListenerConfig.MQTT_TLS_PORT)),
                    FreePorts.tcpOr(free.tcp(ListenerConfig.MQTT_PORT)),
                    FreePorts.tcpOr(free.tcp(HttpConfig.DEFAULT_PORT)),
                    FreePorts.tcpOr(free.tcp(HttpsConfig.DEFAULT_PORT)),
                    FreePorts.udpOr(free.udp(GatewayConfig.DEFAULT_COAP_PORT)),
                    FreePorts.udpOr(free.udp(FieldConfig.DEFAULT_PORT)));
        }
    }

    private final Parts parts = new Parts();
    private final Ports ports;
    private final Access access;
    private final Path authority;
    private final OwnCommand server;
    private final OwnCommand gateway;

    private TwoProcesses(Path directory, FreePorts free, QoS qos, InstantSource clock) throws IOException {
        this.ports = Ports.choose(free);
        this.access = parts.add(
                "access", Access.open(directory, AccessConfig.defaults().settings(), clock, AccessEvents.NONE));
        // Before either starts: the gateway's login, which a server makes for a gateway of its own only.
        GatewayLogin login = GatewayLogin.open(directory, access.directory());
        this.authority = DevelopmentCertificates.ensure(directory, clock).authority();
        Path serverConfig = Files.writeString(directory.resolve("demo-server.yaml"), serverConfig(directory));
        Path gatewayConfig =
                Files.writeString(directory.resolve("demo-gateway.yaml"), gatewayConfig(directory, login, qos));
        this.server = parts.add("server", new OwnCommand("server", serverConfig, directory));
        this.gateway = parts.add("gateway", new OwnCommand("gateway", gatewayConfig, directory));
    }

    /// Prepares both; [#begin] starts them.
    static TwoProcesses prepare(Path dataDirectory, FreePorts free, QoS qos, InstantSource clock) throws IOException {
        return new TwoProcesses(dataDirectory.toAbsolutePath(), free, qos, clock);
    }

    @Override
    public void begin() throws IOException {
        server.start();
        gateway.start();
    }

    private String serverConfig(Path directory) {
        return """
                data-directory: $data
                durability: sync
                store: {segment-size: 4MB}
                mqtt:
                  listeners:
                    - {name: tls, type: tls, bind: 127.0.0.1, port: $tls}
                    - {name: tcp, type: tcp, bind: 127.0.0.1, port: $tcp}
                http: {bind: 127.0.0.1, port: $plain}
                https: {bind: 127.0.0.1, port: $encrypted}
                """.replace("$data", quoted(directory))
                .replace("$tls", Integer.toString(ports.tls()))
                .replace("$tcp", Integer.toString(ports.tcp()))
                .replace("$plain", Integer.toString(ports.http()))
                .replace("$encrypted", Integer.toString(ports.https()));
    }

    private String gatewayConfig(Path directory, GatewayLogin login, QoS qos) {
        return """
                data-directory: $data
                gateway:
                  gateway_coap_mqtt_bridge_default_message_qos: $qos
                  coap: {bind: 127.0.0.1, port: $coap}
                  field: {bind: 127.0.0.1, port: $field, networks: [127.0.0.0/8]}
                  broker:
                    url: tcp://127.0.0.1:$tcp
                    username: $user
                    password-file: $password
                """.replace("$data", quoted(directory))
                .replace("$qos", qos.name())
                .replace("$coap", Integer.toString(ports.coap()))
                .replace("$field", Integer.toString(ports.field()))
                .replace("$tcp", Integer.toString(ports.tcp()))
                .replace("$user", login.username())
                .replace("$password", quoted(GatewayLogin.passwordFile(directory)));
    }

    /// As a YAML scalar in which nothing means anything.
    private static String quoted(Path path) {
        return "'" + path.toString().replace("'", "''") + "'";
    }

    /// The broker's process, with the token service.
    OwnCommand server() {
        return server;
    }

    OwnCommand gateway() {
        return gateway;
    }

    @Override
    public Access access() {
        return access;
    }

    @Override
    public Path authority() {
        return authority;
    }

    @Override
    public InetSocketAddress mqttTls() {
        return at(ports.tls());
    }

    @Override
    public InetSocketAddress mqttTcp() {
        return at(ports.tcp());
    }

    @Override
    public InetSocketAddress http() {
        return at(ports.http());
    }

    @Override
    public InetSocketAddress https() {
        return at(ports.https());
    }

    @Override
    public InetSocketAddress coap() {
        return at(ports.coap());
    }

    @Override
    public InetSocketAddress field() {
        return at(ports.field());
    }

    private static InetSocketAddress at(int port) {
        return BindAddress.loopback(port).socketAddress();
    }

    @Override
    public void close() {
        parts.close();
    }
}
