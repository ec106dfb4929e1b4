// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.util.Optional;
import org.upwell.codec.QoS;
import org.upwell.gateway.proxy.ForwardProxy;

/// The CoAP gateway.
///
/// @param coap where applications open sessions and reach their devices
/// @param field where devices register and send
/// @param bridgeInstances how many connections to the broker share the devices
/// @param firstInstance number of the first of them; gateways of one broker must not share numbers
/// @param limits how much the proxy carries on to devices at a time
/// @param broker only for a gateway in a process of its own
/// @param http where a gateway in a process of its own is looked into; absent: nowhere
/// @param coaps the same as `coap` with DTLS; absent: not open
/// @param quarantine how much is kept of devices that belong to nobody
public record GatewayConfig(
        BindAddress coap,
        FieldConfig field,
        QoS bridgeQos,
        int bridgeInstances,
        int firstInstance,
        ForwardProxy.Limits limits,
        Optional<BrokerConfig> broker,
        Optional<HttpConfig> http,
        Optional<CoapsConfig> coaps,
        QuarantineConfig quarantine) {
    private static final int MAX_INSTANCES = 64;
    private static final int MAX_FIRST_INSTANCE = 936;

    private static final int MAX_IN_FLIGHT_PER_DEVICE = 64;
    private static final int MAX_IN_FLIGHT = 100_000;
    private static final int MAX_WAITING = 1_000_000;
    private static final long MAX_CACHE_BYTES = 64L << 30;

    public static final int DEFAULT_COAP_PORT = 5683;
    private static final int DEFAULT_HTTP_PORT = 8081;
    static final String BRIDGE_QOS_KEY = "gateway_coap_mqtt_bridge_default_message_qos";

    static GatewayConfig read(Section section) {
        Section coapSection = section.section("coap");
        BindAddress coap = BindAddress.read(coapSection, BindAddress.LOOPBACK, DEFAULT_COAP_PORT);
        coapSection.refuseUnknownKeys();
        FieldConfig field = FieldConfig.read(section.section("field"));
        QoS bridgeQos = section.choice(BRIDGE_QOS_KEY, QoS.AT_LEAST_ONCE, QoS::name);
        Section bridge = section.section("bridge");
        int instances = bridge.integer("instances", 1, 1, MAX_INSTANCES);
        int first = bridge.integer("first-instance", 1, 1, MAX_FIRST_INSTANCE);
        bridge.refuseUnknownKeys();
        Optional<BrokerConfig> broker =
                section.has("broker") ? Optional.of(BrokerConfig.read(section.section("broker"))) : Optional.empty();
        Optional<HttpConfig> http = section.has("http")
                ? Optional.of(HttpConfig.read(section.section("http"), DEFAULT_HTTP_PORT))
                : Optional.empty();
        if (http.isPresent() && broker.isEmpty()) {
            section.fault(
                    "http", "is for a gateway in a process of its own, with gateway.broker: use the server's own http");
        }
        Optional<CoapsConfig> coaps =
                section.has("coaps") ? Optional.of(CoapsConfig.read(section.section("coaps"))) : Optional.empty();
        QuarantineConfig quarantine = QuarantineConfig.read(section.section("quarantine"));
        ForwardProxy.Limits limits = limits(section.section("proxy"));
        section.refuseUnknownKeys();
        return new GatewayConfig(coap, field, bridgeQos, instances, first, limits, broker, http, coaps, quarantine);
    }

    private static ForwardProxy.Limits limits(Section proxy) {
        ForwardProxy.Limits usual = ForwardProxy.Limits.DEFAULT;
        ForwardProxy.Limits limits = new ForwardProxy.Limits(
                proxy.integer("in-flight-per-device", usual.inFlightPerDevice(), 1, MAX_IN_FLIGHT_PER_DEVICE),
                proxy.integer("in-flight-per-access-point", usual.inFlightPerAccessPoint(), 1, MAX_IN_FLIGHT),
                proxy.integer("waiting-per-device", usual.waitingPerDevice(), 0, MAX_WAITING),
                proxy.integer("waiting-per-access-point", usual.waitingPerAccessPoint(), 0, MAX_WAITING),
                proxy.size("cache-bytes", usual.cacheBytes(), 0, MAX_CACHE_BYTES));
        proxy.refuseUnknownKeys();
        return limits;
    }
}
