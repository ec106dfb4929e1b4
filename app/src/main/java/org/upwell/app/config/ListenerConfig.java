// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.util.Optional;

/// A socket on which MQTT clients connect.
///
/// @param certificate for `tls` only; without it the development certificate is used
/// @param anonymous who clients without credentials are; without it they are refused
public record ListenerConfig(
        String name,
        ListenerType type,
        BindAddress address,
        Optional<CertificateFiles> certificate,
        Optional<AnonymousConfig> anonymous) {

    public static final int MQTT_PORT = 1883;
    public static final int MQTT_TLS_PORT = 8883;

    /// A listener with the development certificate, where TLS needs one, and without anonymous clients.
    public static ListenerConfig of(String name, ListenerType type, BindAddress address) {
        return new ListenerConfig(name, type, address, Optional.empty(), Optional.empty());
    }

    /// Plain TCP carries passwords and tokens readably, so unless told otherwise it stays on this machine.
    static ListenerConfig read(Section section) {
        ListenerType type = section.choice("type", ListenerType.TCP, ListenerType::spelling);
        BindAddress address = switch (type) {
            case TCP -> BindAddress.read(section, BindAddress.LOOPBACK, MQTT_PORT);
            case TLS -> BindAddress.read(section, BindAddress.ANY, MQTT_TLS_PORT);
        };
        Optional<CertificateFiles> certificate = CertificateFiles.read(section);
        if (type == ListenerType.TCP && certificate.isPresent()) {
            section.fault("certificate", "is for listeners of type tls");
        }
        Optional<AnonymousConfig> anonymous = section.has("anonymous")
                ? Optional.of(AnonymousConfig.read(section.section("anonymous")))
                : Optional.empty();
        String name = section.text("name", type.spelling());
        section.refuseUnknownKeys();
        return new ListenerConfig(name, type, address, certificate, anonymous);
    }
}
