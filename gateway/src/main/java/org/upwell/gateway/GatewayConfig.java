// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.upwell.codec.QoS;
import org.upwell.gateway.bridge.Quarantine;
import org.upwell.gateway.coap.CoapTimes;
import org.upwell.gateway.dtls.DtlsSettings;
import org.upwell.gateway.proxy.ForwardProxy;
import org.upwell.gateway.session.Sessions;

/// How a gateway is set up.
///
/// @param coap the application listener
/// @param field the listener of the devices, apart from the other so that nobody out there can speak for a device
/// @param bridge the way into the broker
/// @param sessions limits of the applications' sessions
/// @param patience how long requests to devices may take
/// @param limits how much is carried on to devices at a time
/// @param times transmission parameters of both listeners
/// @param devices how many devices may be registered
/// @param directory where the gateway keeps what must outlive its process; no other gateway may use it
public record GatewayConfig(
        Listener coap,
        Field field,
        Bridge bridge,
        Sessions.Limits sessions,
        Patience patience,
        ForwardProxy.Limits limits,
        CoapTimes times,
        int devices,
        Path directory) {

    private static final int MAX_DEVICES = 1_000_000;

    /// @param bind a wildcard address stands for all addresses of the machine; port 0 for any free port
    /// @param secured the same with DTLS, on another port
    public record Listener(InetSocketAddress bind, Optional<Secured> secured) {

        /// Without DTLS.
        public Listener(InetSocketAddress bind) {
            this(bind, Optional.empty());
        }
    }

    public record Secured(InetSocketAddress bind, DtlsSettings dtls) {}

    /// @param networks where devices may be, in CIDR notation; whatever comes from elsewhere is dropped unseen
    /// @param registrationLife how long a registration holds; a device is offline after two of them
    /// @param sweep how often silence is looked for
    public record Field(InetSocketAddress bind, List<String> networks, Duration registrationLife, Duration sweep) {

        public Field {
            networks = List.copyOf(networks);
            if (networks.isEmpty()) {
                throw new IllegalArgumentException("the field listener needs at least one network");
            }
        }

        public Field(InetSocketAddress bind, List<String> networks) {
            this(bind, networks, Duration.ofMinutes(15), Duration.ofSeconds(5));
        }
    }

    /// @param qos `gateway_coap_mqtt_bridge_default_message_qos`
    /// @param instances how many connections share the devices
    /// @param firstInstance the number in the client ID of the first; gateways of one broker must not share numbers
    /// @param acknowledgementPatience how long a device waits for the broker's acknowledgement before it is sent
    ///     away
    /// @param quarantine how much is kept of devices that belong to nobody
    public record Bridge(
            QoS qos, int instances, int firstInstance, Duration acknowledgementPatience, Quarantine.Limits quarantine) {

        /// What three digits can tell apart.
        private static final int MAX_INSTANCE = 999;

        public Bridge {
            if (instances < 1 || firstInstance < 1 || firstInstance + instances - 1 > MAX_INSTANCE) {
                throw new IllegalArgumentException("bridge instances must be numbered from 1 to " + MAX_INSTANCE
                        + ", not " + firstInstance + " to " + (firstInstance + instances - 1));
            }
        }

        /// With the usual quarantine.
        public Bridge(QoS qos, int instances, int firstInstance, Duration acknowledgementPatience) {
            this(qos, instances, firstInstance, acknowledgementPatience, Quarantine.Limits.DEFAULT);
        }

        public static final Bridge DEFAULT = new Bridge(QoS.AT_LEAST_ONCE, 1, 1, Duration.ofMinutes(1));

        public Bridge withInstances(int number, int first) {
            return new Bridge(qos, number, first, acknowledgementPatience, quarantine);
        }

        public Bridge withQos(QoS other) {
            return new Bridge(other, instances, firstInstance, acknowledgementPatience, quarantine);
        }

        public Bridge withQuarantine(Quarantine.Limits other) {
            return new Bridge(qos, instances, firstInstance, acknowledgementPatience, other);
        }

        /// `gw-coap-mqtt-bridge-NNN`: 23 characters.
        String bridgeClientId(int index) {
            return String.format(Locale.ROOT, "gw-coap-mqtt-bridge-%03d", firstInstance + index);
        }

        /// `gw-presence-…`, padded to 23 characters.
        String presenceClientId() {
            return String.format(Locale.ROOT, "gw-presence-%011d", firstInstance);
        }
    }

    /// Field protocol §4.
    ///
    /// @param confirmable how long a confirmable request waits for the device's answer
    /// @param nonConfirmable the same for others, whose senders wait 247 s themselves
    /// @param silence how much longer than Max-Age a device that is observed may be silent before it is registered
    ///     with again; at random up to three times as much (RFC 7641 §3.3.1)
    public record Patience(Duration confirmable, Duration nonConfirmable, Duration silence) {

        public static final Patience DEFAULT =
                new Patience(Duration.ofSeconds(310), Duration.ofSeconds(240), Duration.ofSeconds(5));
    }

    /// Defaults for all but the addresses and the directory.
    public static GatewayConfig of(
            InetSocketAddress coap, InetSocketAddress field, List<String> networks, Path directory) {
        return new GatewayConfig(
                new Listener(coap),
                new Field(field, networks),
                Bridge.DEFAULT,
                Sessions.Limits.DEFAULT,
                Patience.DEFAULT,
                ForwardProxy.Limits.DEFAULT,
                CoapTimes.DEFAULT,
                MAX_DEVICES,
                directory);
    }

    public GatewayConfig withListeners(Listener otherCoap, Field otherField) {
        return new GatewayConfig(otherCoap, otherField, bridge, sessions, patience, limits, times, devices, directory);
    }

    public GatewayConfig withLimits(ForwardProxy.Limits other) {
        return new GatewayConfig(coap, field, bridge, sessions, patience, other, times, devices, directory);
    }

    public GatewayConfig withPatience(Patience other) {
        return new GatewayConfig(coap, field, bridge, sessions, other, limits, times, devices, directory);
    }

    public GatewayConfig withSecured(Secured secured) {
        Listener both = new Listener(coap.bind(), Optional.of(secured));
        return new GatewayConfig(both, field, bridge, sessions, patience, limits, times, devices, directory);
    }

    public GatewayConfig withTimes(CoapTimes other) {
        return new GatewayConfig(coap, field, bridge, sessions, patience, limits, other, devices, directory);
    }

    public GatewayConfig withBridge(Bridge other) {
        return new GatewayConfig(coap, field, other, sessions, patience, limits, times, devices, directory);
    }
}
