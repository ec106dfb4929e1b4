// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/// How a gateway in a process of its own reaches the broker.
///
/// @param passwordFile its first line is the password, so that no configuration file holds a secret
/// @param ca PEM; without it the authorities that Java trusts count
public record BrokerConfig(URI url, String username, Path passwordFile, Optional<Path> ca) {
    private static final Set<String> TLS_SCHEMES = Set.of("ssl", "tls", "mqtts");
    private static final Set<String> PLAIN_SCHEMES = Set.of("tcp", "mqtt");

    public boolean isTls() {
        return TLS_SCHEMES.contains(url.getScheme());
    }

    public int port() {
        if (url.getPort() > 0) {
            return url.getPort();
        }
        return isTls() ? ListenerConfig.MQTT_TLS_PORT : ListenerConfig.MQTT_PORT;
    }

    static BrokerConfig read(Section section) {
        URI url = section.parsed("url", BrokerConfig::parseUrl).orElse(URI.create("tcp://127.0.0.1"));
        if (!section.has("url")) {
            section.fault("url", "is missing");
        }
        String username = section.requiredText("username");
        Path passwordFile = Path.of(section.requiredText("password-file"));
        Optional<Path> ca = section.path("ca");
        section.refuseUnknownKeys();
        return new BrokerConfig(url, username, passwordFile, ca);
    }

    private static URI parseUrl(String text) {
        String expected = "ssl://host:port or tcp://host:port";
        URI url;
        try {
            url = URI.create(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(expected, e);
        }
        boolean known = TLS_SCHEMES.contains(url.getScheme()) || PLAIN_SCHEMES.contains(url.getScheme());
        boolean bare = url.getPath() == null || url.getPath().isEmpty();
        if (!known || !bare || url.getHost() == null || url.getUserInfo() != null || url.getQuery() != null) {
            throw new IllegalArgumentException(expected);
        }
        return url;
    }
}
