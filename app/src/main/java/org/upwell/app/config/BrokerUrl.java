// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.net.URI;
import java.util.Set;

/// Where a broker is, as people write it: `ssl://host:port` or `tcp://host:port`, the port left out for the
/// standard one.
public record BrokerUrl(URI uri) {
    private static final Set<String> TLS_SCHEMES = Set.of("ssl", "tls", "mqtts");
    private static final Set<String> PLAIN_SCHEMES = Set.of("tcp", "mqtt");
    private static final String EXPECTED = "ssl://host:port or tcp://host:port";

    /// @throws IllegalArgumentException saying what is expected
    public static BrokerUrl parse(String text) {
        URI uri;
        try {
            uri = URI.create(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(EXPECTED, e);
        }
        boolean known = TLS_SCHEMES.contains(uri.getScheme()) || PLAIN_SCHEMES.contains(uri.getScheme());
        boolean bare = uri.getPath() == null || uri.getPath().isEmpty();
        boolean plain = uri.getUserInfo() == null && uri.getQuery() == null && uri.getFragment() == null;
        if (!known || !bare || !plain || uri.getHost() == null || uri.getPort() > 65_535) {
            throw new IllegalArgumentException(EXPECTED);
        }
        return new BrokerUrl(uri);
    }

    public boolean isTls() {
        return TLS_SCHEMES.contains(uri.getScheme());
    }

    /// A name or an address, IPv6 ones without brackets.
    public String host() {
        String host = uri.getHost();
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    public int port() {
        if (uri.getPort() > 0) {
            return uri.getPort();
        }
        return isTls() ? ListenerConfig.MQTT_TLS_PORT : ListenerConfig.MQTT_PORT;
    }

    @Override
    public String toString() {
        return uri.toString();
    }
}
