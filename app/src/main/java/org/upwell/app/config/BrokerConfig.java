// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.nio.file.Path;
import java.util.Optional;

/// How a gateway in a process of its own reaches the broker.
///
/// @param passwordFile its first line is the password, so that no configuration file holds a secret
/// @param ca PEM; without it the authorities that Java trusts count
public record BrokerConfig(BrokerUrl url, String username, Path passwordFile, Optional<Path> ca) {

    static BrokerConfig read(Section section) {
        BrokerUrl url = section.parsed("url", BrokerUrl::parse).orElseGet(() -> BrokerUrl.parse("tcp://127.0.0.1"));
        if (!section.has("url")) {
            section.fault("url", "is missing");
        }
        String username = section.requiredText("username");
        Path passwordFile = Path.of(section.requiredText("password-file"));
        Optional<Path> ca = section.path("ca");
        section.refuseUnknownKeys();
        return new BrokerConfig(url, username, passwordFile, ca);
    }
}
