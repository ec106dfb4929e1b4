// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.demo;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.upwell.access.login.Access;
import org.upwell.app.config.AccessConfig;
import org.upwell.app.config.BindAddress;
import org.upwell.app.config.Durability;
import org.upwell.app.config.FieldConfig;
import org.upwell.app.config.GatewayConfig;
import org.upwell.app.config.HttpConfig;
import org.upwell.app.config.HttpsConfig;
import org.upwell.app.config.ListenerConfig;
import org.upwell.app.config.ListenerType;
import org.upwell.app.config.MqttConfig;
import org.upwell.app.config.ObservationsConfig;
import org.upwell.app.config.QuarantineConfig;
import org.upwell.app.config.StoreConfig;
import org.upwell.app.config.UpwellConfig;
import org.upwell.app.server.UpwellServer;
import org.upwell.codec.QoS;
import org.upwell.gateway.Gateway;
import org.upwell.gateway.proxy.ForwardProxy;

/// The back office in this process. Used by the thread that started it.
record OneProcess(UpwellServer server) implements BackOffice {
    static OneProcess start(Path dataDirectory, FreePorts ports, QoS qos, InstantSource clock) throws IOException {
        return new OneProcess(UpwellServer.start(config(dataDirectory, ports, qos), clock));
    }

    private static UpwellConfig config(Path dataDirectory, FreePorts ports, QoS qos) {
        List<ListenerConfig> listeners = List.of(
                ListenerConfig.of(TLS, ListenerType.TLS, BindAddress.loopback(ports.tcp(ListenerConfig.MQTT_TLS_PORT))),
                ListenerConfig.of(TCP, ListenerType.TCP, BindAddress.loopback(ports.tcp(ListenerConfig.MQTT_PORT))));
        GatewayConfig gateway = new GatewayConfig(
                BindAddress.loopback(ports.udp(GatewayConfig.DEFAULT_COAP_PORT)),
                new FieldConfig(
                        BindAddress.loopback(ports.udp(FieldConfig.DEFAULT_PORT)), FieldConfig.loopbackNetworks()),
                qos,
                1,
                1,
                ForwardProxy.Limits.DEFAULT,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                QuarantineConfig.DEFAULT);
        return new UpwellConfig(
                dataDirectory,
                Durability.SYNC,
                StoreConfig.small(),
                AccessConfig.defaults(),
                MqttConfig.of(listeners),
                new HttpConfig(BindAddress.loopback(ports.tcp(HttpConfig.DEFAULT_PORT))),
                new HttpsConfig(BindAddress.loopback(ports.tcp(HttpsConfig.DEFAULT_PORT)), Optional.empty()),
                ObservationsConfig.DEFAULT,
                Optional.of(gateway));
    }

    @Override
    public void begin() {
        // It runs since it is there, and what it is to know is told it directly.
    }

    @Override
    public Access access() {
        return server.access();
    }

    @Override
    public Path authority() {
        return server.certificates().developmentAuthority().orElseThrow();
    }

    @Override
    public InetSocketAddress mqttTls() {
        return server.mqttAddress(TLS);
    }

    @Override
    public InetSocketAddress mqttTcp() {
        return server.mqttAddress(TCP);
    }

    @Override
    public InetSocketAddress http() {
        return server.httpAddress();
    }

    @Override
    public InetSocketAddress https() {
        return server.httpsAddress();
    }

    @Override
    public InetSocketAddress coap() {
        return gateway().coapAddresses().getFirst();
    }

    @Override
    public InetSocketAddress field() {
        return gateway().fieldAddresses().getFirst();
    }

    private Gateway gateway() {
        return server.gateway().orElseThrow();
    }

    @Override
    public void close() {
        server.close();
    }
}
