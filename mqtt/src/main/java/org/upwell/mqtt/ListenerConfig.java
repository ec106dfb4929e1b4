// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// One address on which MQTT clients are accepted.
///
/// @param name shown in logs, events and metrics; unique
/// @param tls null for plain TCP
public record ListenerConfig(
        String name, InetSocketAddress bind, @Nullable Tls tls) {

    /// PEM files of the server's certificate chain and PKCS #8 private key.
    public record Tls(Path certificateChain, Path privateKey) {}
}
